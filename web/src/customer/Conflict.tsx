// Two people edited the same record: what the other one saved meanwhile, what is about to be saved, and the choice.
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Customer, CustomerForm } from "../api/types";
import { textOr } from "../app/i18n";
import { Card } from "../ui/Bits";
import { ChangeLine } from "./ChangesDrawer";
import { changesQuery } from "./queries";

function words(value: unknown): string {
  if (Array.isArray(value)) return value.map(words).join(" · ");
  if (value && typeof value === "object") return Object.values(value).filter(Boolean).map(words).join(" ");
  return String(value ?? "");
}

export function Conflict({
  mine,
  theirs,
  since,
  onKeep,
  onDrop,
}: {
  mine: CustomerForm;
  theirs: Customer;
  since: Customer;
  onKeep: () => void;
  onDrop: () => void;
}) {
  const { t } = useTranslation();
  const { data } = useQuery(changesQuery(theirs.id));
  const loaded = theirs.rev !== since.rev;
  const newest = data?.items.slice(0, 5) ?? [];
  return (
    <Card title={t("conflict.title")} className="zx-conflict">
      <p role="alert">{t("conflict.text")}</p>
      <h3>{t("conflict.theirs")}</h3>
      <ol className="zx-evidences">
        {newest.map((change) => (
          <ChangeLine key={change.id} change={change} />
        ))}
      </ol>
      <h3>{t("conflict.mine")}</h3>
      <dl>
        {Object.entries(mine).map(([field, value]) => (
          <div key={field} className="zx-label">
            <dt>{textOr(`customer.${field}`, textOr(`form.${field}`, field))}</dt>
            <dd>{words(value)}</dd>
          </div>
        ))}
      </dl>
      <div className="zx-form-acts">
        <Button type="primary" onClick={onKeep} disabled={!loaded}>
          {t("conflict.keep")}
        </Button>
        <Button onClick={onDrop}>{t("conflict.drop")}</Button>
      </div>
    </Card>
  );
}
