// 查会员: one field for everything that names a person. Made for a scanner that types and for one thumb.
import { SearchOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Button, Input, type InputRef, Skeleton } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import { useMay } from "../app/session";
import { Empty, Failed } from "../ui/States";
import { CustomerCard, isTillCard, TillCardView } from "./CustomerCard";
import "./customer.css";
import { useAsked } from "./lookup";

function useScanner(field: React.RefObject<InputRef | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, button, a, [role=dialog]") || event.ctrlKey || event.metaKey) return;
      if (/^[0-9]$/.test(event.key)) field.current?.focus();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, [field]);
}

export function LookupPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const field = useRef<InputRef>(null);
  const asked = useAsked();
  const [text, setText] = useState(asked?.text ?? "");
  useScanner(field);
  const lookup = useMutation({
    mutationFn: (q: string) => body(api.POST("/api/v1/customers/lookup", { body: { q } })),
    onSuccess: (found) => {
      const [only, second] = found.items;
      if (found.kind === "exact" && only && !second && !isTillCard(only))
        navigate({ to: "/customers/$id", params: { id: only.id } });
      else field.current?.select();
    },
  });
  const { mutate } = lookup;
  useEffect(() => {
    if (!asked || Date.now() - asked.at > 3000) return;
    setText(asked.text);
    mutate(asked.text);
  }, [asked, mutate]);
  const go = () => text.trim() && mutate(text.trim());
  return (
    <div className="zx-lookup">
      <h1>{t("nav.lookup")}</h1>
      <search className="zx-lookup-field">
        <Input
          ref={field}
          autoFocus
          allowClear
          size="large"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onPressEnter={go}
          prefix={<SearchOutlined aria-hidden />}
          aria-label={t("search.label")}
          placeholder={t("search.placeholder")}
          autoComplete="off"
          data-lookup
          inputMode="search"
          enterKeyHint="search"
          spellCheck={false}
        />
        <Button type="primary" size="large" onClick={go} loading={lookup.isPending}>
          {t("lookup.go")}
        </Button>
      </search>
      <div aria-live="polite" className="zx-lookup-answers">
        {lookup.isPending && <Skeleton active avatar title={false} paragraph={{ rows: 2 }} />}
        {lookup.error && <Failed error={lookup.error} onRetry={go} />}
        {lookup.data?.kind === "none" && (
          <Empty
            title={t("lookup.none")}
            text={t("lookup.none_text")}
            action={
              may("customer.write") && (
                <Button onClick={() => navigate({ to: "/customers/new" })}>{t("customer.new")}</Button>
              )
            }
          />
        )}
        {!!lookup.data?.items.length && (
          <>
            <p className="zx-masked">{t("lookup.found", { count: lookup.data.items.length })}</p>
            <ul className="zx-cards zx-card">
              {lookup.data.items.map((row) => (
                <li key={row.id}>{isTillCard(row) ? <TillCardView card={row} /> : <CustomerCard row={row} />}</li>
              ))}
            </ul>
          </>
        )}
        {lookup.isIdle && <Hints />}
      </div>
    </div>
  );
}

const hints = ["phone", "name", "last4", "card", "number"] as const;

function Hints() {
  const { t } = useTranslation();
  return (
    <dl className="zx-hints">
      {hints.map((hint) => (
        <div key={hint}>
          <dt>{t(`lookup.hint.${hint}`)}</dt>
          <dd>{t(`lookup.hint.${hint}_text`)}</dd>
        </div>
      ))}
    </dl>
  );
}
