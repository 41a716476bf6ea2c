// A customer as a card: in answers of the one field, in lists on the phone, beside duplicates.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CustomerRow, Found, TillCard } from "../api/types";
import { textOr } from "../app/i18n";
import { count, money, when } from "../ui/format";
import { Channels, Known } from "./columns";
import "./customer.css";
import { CustomerName } from "./Name";

export function Initial({ row, size }: { row: Pick<CustomerRow, "salutation" | "name">; size?: "big" }) {
  return (
    <span className={`zx-initial ${size === "big" ? "zx-initial-big" : ""}`} aria-hidden="true">
      {(row.name || row.salutation || "·").slice(0, 1)}
    </span>
  );
}

export function CustomerCard({ row, extra, newTab }: { row: CustomerRow; extra?: ReactNode; newTab?: boolean }) {
  const { t } = useTranslation();
  const facts = [
    row.phone,
    row.card && `${t("customer.card")} ${row.card}`,
    row.home_store?.name,
    row.own_assistant && t("customer.assistant_of", { no: row.own_assistant }),
  ].filter(Boolean);
  return (
    <Link
      to="/customers/$id"
      params={{ id: row.id }}
      className="zx-customer-card"
      target={newTab ? "_blank" : undefined}
      data-customer={row.id}
    >
      <Initial row={row} />
      <span className="zx-customer-main">
        <span className="zx-customer-name">
          <strong>
            <CustomerName row={row} />
          </strong>
          <Known row={row} />
        </span>
        <span className="zx-customer-facts zx-num">{facts.join(" · ")}</span>
        {extra}
      </span>
      <span className="zx-customer-side">
        <Channels row={row} />
        <span className="zx-num">
          {t("customer.orders_n", { n: count(row.orders) })} · {money(row.spent)}
        </span>
        {row.last_seen && <span className="zx-masked">{t("customer.seen", { at: when(row.last_seen) })}</span>}
      </span>
    </Link>
  );
}

export function isTillCard(found: Found): found is TillCard {
  return "till_card" in found;
}

/** A customer of another store, found by a whole identifier: enough to serve her at the till. */
export function TillCardView({ card }: { card: TillCard }) {
  const { t } = useTranslation();
  const sizes = Object.entries(card.sizes).map(([part, size]) => `${textOr(`size.${part}`, part)} ${size}`);
  const facts = [card.card && `${t("customer.card")} ${card.card}`, card.home_store?.name, ...sizes].filter(Boolean);
  return (
    <div className="zx-customer-card zx-till-card" data-customer={card.id}>
      <Initial row={card} />
      <span className="zx-customer-main">
        <span className="zx-customer-name">
          <strong>
            <CustomerName row={card} />
          </strong>
          <Known row={{ known: card.known, class: "consumer" }} />
        </span>
        <span className="zx-customer-facts zx-num">{facts.join(" · ")}</span>
        <span className="zx-masked">{t("lookup.other_store")}</span>
      </span>
    </div>
  );
}
