// 资料: what makes this one person: her identifiers, each with the answer to "why is this hers?", and her facts.
import {
  CreditCardOutlined,
  HistoryOutlined,
  IdcardOutlined,
  LaptopOutlined,
  MailOutlined,
  MobileOutlined,
  RightOutlined,
  TagOutlined,
  WechatOutlined,
  WeiboOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Customer, Identifier } from "../api/types";
import { textOr } from "../app/i18n";
import { Card, Label, State, Time } from "../ui/Bits";
import { EvidenceDrawer } from "./EvidenceDrawer";
import { RefundCard } from "./RefundCard";
import { RelationsCard } from "./RelationsCard";
import "./who.css";

const icons: Record<string, ReactNode> = {
  phone: <MobileOutlined />,
  email: <MailOutlined />,
  card: <CreditCardOutlined />,
  unionid: <WechatOutlined />,
  openid: <WechatOutlined />,
  weibo: <WeiboOutlined />,
  device: <LaptopOutlined />,
  account: <IdcardOutlined />,
};
const order = ["phone", "card", "unionid", "openid", "account", "email", "weibo", "platform", "idnum", "device"];

function sorted(identifiers: Identifier[]): Identifier[] {
  const rank = (kind: string) => (order.indexOf(kind) + 1 || 99) as number;
  const gone = (identifier: Identifier) => Number(identifier.status === "removed");
  return [...identifiers].sort(
    (a, b) => gone(a) - gone(b) || rank(a.kind) - rank(b.kind) || b.last_at.localeCompare(a.last_at),
  );
}

function IdentifierLine({ identifier, onOpen }: { identifier: Identifier; onOpen: () => void }) {
  const { t } = useTranslation();
  return (
    <li>
      <button type="button" onClick={onOpen} className="zx-identifier">
        <span className="zx-identifier-icon" aria-hidden="true">
          {icons[identifier.kind] ?? <TagOutlined />}
        </span>
        <span className="zx-identifier-main">
          <span className="zx-masked">
            {[textOr(`identifier.${identifier.kind}`, identifier.kind), identifier.source].filter(Boolean).join(" · ")}
          </span>
          {identifier.status === "removed" ? (
            <del className="zx-num">{identifier.masked || t("record.linked")}</del>
          ) : (
            <span className="zx-num">{identifier.masked || t("record.linked")}</span>
          )}
        </span>
        {identifier.status !== "proven" && <State tone="warn">{t(`identifier.${identifier.status}`)}</State>}
        <span className="zx-why">
          {t("record.why", { count: identifier.links })}
          <RightOutlined aria-hidden />
        </span>
      </button>
    </li>
  );
}

export function WhoColumn({ customer, onChanges }: { customer: Customer; onChanges: () => void }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState<Identifier | null>(null);
  const [all, setAll] = useState(false);
  const identifiers = sorted(customer.identifiers);
  const few = all ? identifiers : identifiers.slice(0, 8);
  return (
    <div className="zx-column">
      <Card title={t("record.who")} flush className="zx-who">
        <ul className="zx-identifiers" aria-label={t("record.identifiers")}>
          {few.map((identifier) => (
            <IdentifierLine key={identifier.id} identifier={identifier} onOpen={() => setShown(identifier)} />
          ))}
        </ul>
        {identifiers.length > few.length && (
          <Button type="text" block onClick={() => setAll(true)}>
            {t("record.more_identifiers", { count: identifiers.length - few.length })}
          </Button>
        )}
        <dl className="zx-facts">
          <Label name={t("customer.gender")}>{t(`gender.${customer.gender}`)}</Label>
          {customer.birthday && <Label name={t("customer.birthday")}>{customer.birthday}</Label>}
          {customer.addresses.map((address) => (
            <Label key={address} name={t("customer.address")}>
              {address}
            </Label>
          ))}
          {customer.kind === "organisation" && (
            <Label name={t("customer.kind")}>{t("customer.kind.organisation")}</Label>
          )}
          <Label name={t("customer.class")}>{t(`customer.class.${customer.class}`)}</Label>
          <Label name={t("customer.first_seen")}>
            <Time at={customer.first_seen} />
          </Label>
        </dl>
        <Button type="text" block className="zx-changes" icon={<HistoryOutlined />} onClick={onChanges}>
          {t("record.changes")}
        </Button>
      </Card>
      <RelationsCard customer={customer} />
      <RefundCard customer={customer} />
      <EvidenceDrawer customer={customer} identifier={shown} onClose={() => setShown(null)} />
    </div>
  );
}
