// 认定依据: why an identifier is hers: which event, when, by which rule, proven or only claimed.
import { useQuery } from "@tanstack/react-query";
import { Button, Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Customer, Evidence, Identifier, EvidenceList as Reasons } from "../api/types";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { Label, State, Time } from "../ui/Bits";
import { Empty, Loaded } from "../ui/States";
import { evidenceQuery } from "./queries";
import { isRemovable, RemoveDialog } from "./RemoveDialog";

function EvidenceLine({ evidence }: { evidence: Evidence }) {
  const { t } = useTranslation();
  return (
    <li className="zx-evidence">
      <header>
        <strong>{textOr(`evidence.kind.${evidence.event_kind}`, evidence.event_kind)}</strong>
        <State tone={evidence.proven ? "ok" : "warn"}>
          {t(evidence.proven ? "identifier.proven" : "identifier.claimed")}
        </State>
      </header>
      <p>{textOr(`evidence.rule.${evidence.rule}`, evidence.rule)}</p>
      <footer className="zx-masked">
        <Time at={evidence.at} /> · {evidence.source ? `${evidence.source} · ` : ""}
        {t("evidence.rule_version", { rule: evidence.rule, version: evidence.rule_version })}
        {evidence.event_ref && <span className="zx-num"> · {evidence.event_ref}</span>}
      </footer>
    </li>
  );
}

function Removed({ removed }: { removed: NonNullable<Reasons["removed"]> }) {
  const { t } = useTranslation();
  return (
    <Label name={t("identifier.removed")}>
      <Time at={removed.at} /> · {removed.by || t("audit.program")}
      <p className="zx-masked zx-explain">{t("remove.because", { reason: removed.reason })}</p>
    </Label>
  );
}

function RemoveButton({ customer, identifier, onRemoved }: Props & { onRemoved: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const [asking, setAsking] = useState(false);
  if (!may("customer.write") || !isRemovable(identifier)) return null;
  const close = (removed: boolean) => {
    setAsking(false);
    if (removed) onRemoved();
  };
  return (
    <>
      <Button danger onClick={() => setAsking(true)}>
        {t("remove.act")}
      </Button>
      {asking && <RemoveDialog customer={customer} identifier={identifier} onClose={close} />}
    </>
  );
}

interface Props {
  customer: Customer;
  identifier: Identifier;
}

function EvidenceList({ customer, identifier }: Props) {
  const { t } = useTranslation();
  const query = useQuery(evidenceQuery(customer.id, identifier.id));
  return (
    <>
      <dl>
        <Label name={textOr(`identifier.${identifier.kind}`, identifier.kind)}>
          <strong className="zx-num">{identifier.masked || t("record.linked")}</strong>
        </Label>
        <Label name={t("evidence.status")}>
          <State tone={identifier.status === "proven" ? "ok" : "warn"}>{t(`identifier.${identifier.status}`)}</State>
          <p className="zx-masked zx-explain">{t(`identifier.${identifier.status}_text`)}</p>
        </Label>
        <Label name={t("evidence.since")}>
          <Time at={identifier.first_at} />
        </Label>
        {query.data?.removed && <Removed removed={query.data.removed} />}
      </dl>
      <Loaded query={query}>
        {({ items }) =>
          items.length ? (
            <ol className="zx-evidences" aria-label={t("evidence.title")}>
              {items.map((evidence) => (
                <EvidenceLine key={`${evidence.event_ref}${evidence.at}${evidence.rule}`} evidence={evidence} />
              ))}
            </ol>
          ) : (
            <Empty title={t("evidence.none")} />
          )
        }
      </Loaded>
    </>
  );
}

export function EvidenceDrawer({
  customer,
  identifier,
  onClose,
}: {
  customer: Customer;
  identifier: Identifier | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Drawer open={identifier !== null} onClose={onClose} title={t("evidence.title")} size={440} destroyOnHidden>
      {identifier && <EvidenceList customer={customer} identifier={identifier} />}
      {identifier && <RemoveButton customer={customer} identifier={identifier} onRemoved={onClose} />}
    </Drawer>
  );
}
