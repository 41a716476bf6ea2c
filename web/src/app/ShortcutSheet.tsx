// The sheet behind "?": every key that works on this page.
import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { Key } from "../ui/Bits";
import { useActiveHotkeys } from "./hotkeys";

export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const keys = useActiveHotkeys();
  return (
    <Modal open onCancel={onClose} footer={null} title={t("keys.title")} width={520}>
      <dl className="zx-sheet">
        {keys.map((key) => (
          <div key={key.keys}>
            <dt>{key.text}</dt>
            <dd>
              {key.keys.split(/[ +]/).map((part) => (
                <Key key={part}>{part === "ctrl" ? "Ctrl" : part.length === 1 ? part.toUpperCase() : part}</Key>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
