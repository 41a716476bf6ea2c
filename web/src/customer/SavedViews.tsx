// A view is a set of filters with a name; it is kept on this device, and its address can be sent to anyone.
import { LinkOutlined, SaveOutlined, StarOutlined } from "@ant-design/icons";
import { App, Button, Dropdown, Input, type MenuProps, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { setPrefs, usePrefs } from "../app/prefs";
import { useUrl } from "../app/url";

export function SavedViews({ id, keys }: { id: string; keys: string[] }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { views } = usePrefs();
  const [url, setUrl] = useUrl();
  const [name, setName] = useState<string | null>(null);
  const mine = views[id] ?? [];
  const save = () => {
    if (!name?.trim()) return;
    const search = Object.fromEntries(keys.flatMap((key) => (url[key] ? [[key, url[key] as string]] : [])));
    setPrefs({
      views: { ...views, [id]: [...mine.filter((v) => v.name !== name.trim()), { name: name.trim(), search }] },
    });
    setName(null);
  };
  const show = (index: number) => {
    const blank = Object.fromEntries(keys.map((key) => [key, undefined]));
    setUrl({ ...blank, after: undefined, ...mine[index]?.search }, { push: true });
  };
  const items: MenuProps["items"] = [
    ...mine.map((view, i) => ({ key: String(i), icon: <StarOutlined />, label: view.name })),
    ...(mine.length ? [{ type: "divider" as const }] : []),
    { key: "save", icon: <SaveOutlined />, label: t("view.save") },
    { key: "copy", icon: <LinkOutlined />, label: t("view.copy") },
  ];
  const onClick: MenuProps["onClick"] = ({ key }) => {
    if (key === "save") setName("");
    else if (key === "copy")
      navigator.clipboard?.writeText(location.href).then(() => message.success(t("common.copied")));
    else show(Number(key));
  };
  return (
    <>
      <Dropdown menu={{ items, onClick }} trigger={["click"]} placement="bottomRight">
        <Button icon={<StarOutlined />}>{t("view.title")}</Button>
      </Dropdown>
      <Modal
        open={name !== null}
        title={t("view.save")}
        okText={t("common.save")}
        onOk={save}
        onCancel={() => setName(null)}
        destroyOnHidden
      >
        <Input
          autoFocus
          aria-label={t("view.name")}
          placeholder={t("view.name")}
          value={name ?? ""}
          maxLength={40}
          onChange={(event) => setName(event.target.value)}
          onPressEnter={save}
        />
      </Modal>
    </>
  );
}
