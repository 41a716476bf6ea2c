// Ctrl-K: go anywhere, do anything, find anyone, by typing. Arrow keys choose, Enter does it.
import { useNavigate } from "@tanstack/react-router";
import { Input, Modal } from "antd";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { askLookup } from "../customer/lookup";
import { changeLanguage } from "./i18n";
import { placesOf } from "./places";
import { type Language, languages, setPrefs, type ThemeChoice } from "./prefs";
import { useLogOut, useMay, useMe } from "./session";

interface Command {
  key: string;
  text: string;
  hint: string;
  run: () => void;
}

function useCommands(): Command[] {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  const navigate = useNavigate();
  const logOut = useLogOut();
  const go = t("palette.go");
  const act = t("palette.act");
  const places = placesOf(me).flatMap((place) =>
    place.tabs.map((tab) => ({
      key: tab.path,
      text: tab.text === place.text ? t(tab.text) : `${t(place.text)} · ${t(tab.text)}`,
      hint: go,
      run: () => navigate({ to: tab.path as "/" }),
    })),
  );
  return [
    ...places,
    ...(may("customer.write")
      ? [{ key: "new", text: t("customer.new"), hint: act, run: () => navigate({ to: "/customers/new" }) }]
      : []),
    ...(["system", "light", "dark"] as ThemeChoice[]).map((theme) => ({
      key: theme,
      text: `${t("app.theme")} · ${t(`theme.${theme}`)}`,
      hint: act,
      run: () => setPrefs({ theme }),
    })),
    ...Object.entries(languages).map(([key, label]) => ({
      key,
      text: `${t("app.language")} · ${label}`,
      hint: act,
      run: () => changeLanguage(key as Language),
    })),
    { key: "out", text: t("me.log_out"), hint: act, run: () => logOut() },
  ];
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const id = useId();
  const commands = useCommands();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const found = commands.filter((c) => `${c.text} ${c.key}`.toLowerCase().includes(wanted));
    if (!wanted) return found;
    const find: Command = {
      key: "find",
      text: t("palette.find", { text: text.trim() }),
      hint: t("nav.lookup"),
      run: () => {
        askLookup(text.trim());
        navigate({ to: "/lookup" });
      },
    };
    return found.length ? [...found, find] : [find];
  }, [commands, text, t, navigate]);
  const chosen = Math.min(at, shown.length - 1);
  const run = (command: Command | undefined) => {
    onClose();
    command?.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((chosen + 1) % shown.length);
    else if (event.key === "ArrowUp") setAt((chosen + shown.length - 1) % shown.length);
    else if (event.key === "Enter") run(shown[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      open
      onCancel={onClose}
      footer={null}
      closable={false}
      width={560}
      title={<span className="zx-hidden">{t("palette.open")}</span>}
      className="zx-palette"
    >
      <Input
        autoFocus
        size="large"
        variant="borderless"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        placeholder={t("palette.placeholder")}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={`${id}-${chosen}`}
        aria-label={t("palette.placeholder")}
      />
      <div id={id} role="listbox" aria-label={t("palette.open")} tabIndex={-1}>
        {shown.map((command, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          <div
            key={command.key}
            id={`${id}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            onClick={() => run(command)}
            onMouseMove={() => setAt(i)}
            ref={i === chosen ? (node) => node?.scrollIntoView({ block: "nearest" }) : undefined}
          >
            <span>{command.text}</span>
            <small>{command.hint}</small>
          </div>
        ))}
      </div>
    </Modal>
  );
}
