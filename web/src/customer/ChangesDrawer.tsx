// 变更记录: every change of the record: who, when, what it was, what it became, from where.
import { useQuery } from "@tanstack/react-query";
import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import type { Change, Customer } from "../api/types";
import { textOr } from "../app/i18n";
import { Time } from "../ui/Bits";
import { Empty, Loaded } from "../ui/States";
import { changesQuery } from "./queries";
import "./who.css";

/** Values that are words of the system are shown in the reader's language. */
function valueText(field: string, value: string | null): string {
  if (!value) return textOr("common.none", "–");
  if (field === "relation") return value.replace(/^\w+/, (kind) => textOr(`relation.${kind}`, kind));
  return textOr(`customer.${field}.${value}`, textOr(`${field}.${value}`, value));
}

export function ChangeLine({ change }: { change: Change }) {
  const { t } = useTranslation();
  return (
    <li className="zx-evidence">
      <header>
        <strong>{textOr(`customer.${change.field}`, change.field)}</strong>
        <Time at={change.at} />
      </header>
      {(change.old || change.new) && (
        <p className="zx-change">
          <del>{valueText(change.field, change.old)}</del>
          <span aria-hidden="true">→</span>
          <ins>{valueText(change.field, change.new)}</ins>
        </p>
      )}
      <footer className="zx-masked">
        {[change.by || t("audit.program"), textOr(`evidence.kind.${change.source}`, change.source)]
          .filter(Boolean)
          .join(" · ")}
      </footer>
    </li>
  );
}

export function ChangesDrawer({ customer, open, onClose }: { customer: Customer; open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const query = useQuery({ ...changesQuery(customer.id), enabled: open });
  return (
    <Drawer open={open} onClose={onClose} title={t("record.changes")} size={440} destroyOnHidden>
      <Loaded query={query}>
        {({ items }) =>
          items.length ? (
            <ol className="zx-evidences">
              {items.map((change) => (
                <ChangeLine key={change.id} change={change} />
              ))}
            </ol>
          ) : (
            <Empty title={t("record.no_changes")} text={t("record.no_changes_text")} />
          )
        }
      </Loaded>
    </Drawer>
  );
}
