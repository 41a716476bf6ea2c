// 现在: what one must know before the next sentence: warnings, sizes, how she buys, what she allowed, notes.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Customer } from "../api/types";
import { textOr } from "../app/i18n";
import { Card, Channel, Money } from "../ui/Bits";
import { count, day, inRow, money, percent } from "../ui/format";
import { ConsentCard } from "./ConsentCard";
import { NotesCard } from "./NotesCard";
import "./now.css";
import { lastPurchasesQuery } from "./queries";

function Warnings({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const refused = customer.consents.filter((c) => c.status !== "granted" && c.purpose === "marketing");
  const warnings = [
    customer.now.open_complaints > 0 && t("now.complaints", { count: customer.now.open_complaints }),
    refused.length > 0 &&
      t("now.do_not", { channels: inRow(refused.map((c) => textOr(`channel.${c.channel}`, c.channel))) }),
    customer.class !== "consumer" && t("now.class", { class: t(`customer.class.${customer.class}`) }),
  ].filter(Boolean) as string[];
  if (!warnings.length) return <p className="zx-calm">{t("now.no_warnings")}</p>;
  return (
    <ul className="zx-warnings">
      {warnings.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}

function sinceText(t: TFunction, days: number | null | undefined): string {
  if (typeof days !== "number") return "–";
  return days === 0 ? t("time.today") : t("now.days", { count: days });
}

function Sizes({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const sizes = Object.entries(customer.sizes);
  return (
    <div className="zx-sizes">
      {sizes.map(([part, size]) => (
        <div key={part}>
          <span>{textOr(`size.${part}`, part)}</span>
          <strong className="zx-num">{size}</strong>
        </div>
      ))}
      {!sizes.length && <span className="zx-masked">{t("now.no_sizes")}</span>}
      {customer.tastes.length > 0 && <p className="zx-tastes">{customer.tastes.join(" · ")}</p>}
    </div>
  );
}

function Shares({ web, store }: { web: number; store: number }) {
  const { t } = useTranslation();
  return (
    <div className="zx-shares">
      <div className="zx-shares-bar" aria-hidden="true">
        <span className="zx-share-web" style={{ flexGrow: web }} />
        <span className="zx-share-store" style={{ flexGrow: store }} />
      </div>
      <div className="zx-shares-words">
        <span>{t("now.web_share", { percent: percent(web, 0) })}</span>
        <span>{t("now.store_share", { percent: percent(store, 0) })}</span>
      </div>
    </div>
  );
}

function Figures({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const { now } = customer;
  const figures: [string, string][] = [
    [t("now.since"), sinceText(t, now.days_since)],
    [t("now.orders_year"), t("now.times", { count: now.orders_year })],
    [t("now.average"), money(now.average_order)],
    [t("now.spent_year"), money(now.spent_year)],
    [t("now.returns"), percent(now.return_rate_percent, 0)],
  ];
  return (
    <dl className="zx-figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="zx-num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function ByChannel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const { now } = customer;
  if (!customer.channels_totals.length) return null;
  return (
    <Card title={t("now.totals")}>
      {typeof now.web_share_percent === "number" && typeof now.store_share_percent === "number" && (
        <Shares web={now.web_share_percent} store={now.store_share_percent} />
      )}
      <table className="zx-totals">
        <caption className="zx-hidden">{t("now.totals")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("now.channel")}</th>
            <th scope="col">{t("customer.orders")}</th>
            <th scope="col">{t("customer.spent")}</th>
            <th scope="col">{t("now.returned")}</th>
          </tr>
        </thead>
        <tbody>
          {customer.channels_totals.map((row) => (
            <tr key={row.channel}>
              <th scope="row">
                <Channel name={row.channel} />
              </th>
              <td>{count(row.orders)}</td>
              <td>{money(row.spent)}</td>
              <td>{typeof row.returns === "string" ? money(row.returns) : count(row.returns)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function LastBought({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const { data } = useQuery(lastPurchasesQuery(customer.id));
  if (!data?.items.length) return null;
  return (
    <Card title={t("now.last_bought")} flush>
      <ul className="zx-last">
        {data.items.map((order) => (
          <li key={order.id}>
            <Link to="/orders/$id" params={{ id: order.id }}>
              <span>
                <Channel name={order.channel} place={order.store?.name} />
                <span className="zx-masked">{day(order.at)}</span>
              </span>
              <Money value={order.total} currency={order.currency} />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function NowColumn({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  return (
    <div className="zx-column">
      <Card title={t("record.now")}>
        <Warnings customer={customer} />
        <Sizes customer={customer} />
        <Figures customer={customer} />
      </Card>
      <LastBought customer={customer} />
      <ByChannel customer={customer} />
      <ConsentCard customer={customer} />
      <NotesCard customer={customer} />
    </div>
  );
}
