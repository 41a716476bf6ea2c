// The one field of the top bar: phone, e-mail, card, order or receipt number; name, pinyin, last four + surname. It asks
// only on Enter (each miss counts against the person), and a scanner that types fast and ends with Enter just works.
import { SearchOutlined } from "@ant-design/icons";
import { useNavigate } from "@tanstack/react-router";
import { Input, type InputRef } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { askLookup } from "../customer/lookup";
import { Key } from "../ui/Bits";

export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("[data-lookup] input, input[data-lookup]");
  field?.focus();
  field?.select();
}

export function SearchBox() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const field = useRef<InputRef>(null);
  const [text, setText] = useState("");
  const go = () => {
    if (!text.trim()) return;
    askLookup(text.trim());
    navigate({ to: "/lookup" });
    setText("");
    field.current?.blur();
  };
  return (
    <search className="zx-search">
      <Input
        ref={field}
        data-lookup
        value={text}
        onChange={(event) => setText(event.target.value)}
        onPressEnter={go}
        prefix={<SearchOutlined aria-hidden />}
        suffix={<Key>/</Key>}
        placeholder={t("search.placeholder")}
        aria-label={t("search.label")}
        autoComplete="off"
        spellCheck={false}
        variant="filled"
      />
    </search>
  );
}
