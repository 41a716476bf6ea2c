// A matter of 待核对: the document something was sold on, how much of it came back, and by which documents.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { OverReturned } from "../api/types";
import { SaleKind } from "../sales/SaleWords";
import { Channel, Label, Money, State, Time } from "../ui/Bits";
import { count } from "../ui/format";

function Document({ id, number }: { id: string; number: string }) {
  return (
    <Link to="/orders/$id" params={{ id }} className="zx-row-link zx-num">
      {number}
    </Link>
  );
}

/** Pieces that came back, and how many of them are too many. */
function Pieces({ returned, over }: { returned: number; over: number }) {
  const { t } = useTranslation();
  return (
    <>
      {count(returned)} {over > 0 && <State tone="warn">{t("review.pieces_over", { n: count(over) })}</State>}
    </>
  );
}

interface Row {
  key: string;
  cells: Record<string, ReactNode>;
}

function Plain({ label, heads, rows }: { label: string; heads: Record<string, string>; rows: Row[] }) {
  return (
    <table className="zx-compare" aria-label={label}>
      <thead>
        <tr>
          {Object.entries(heads).map(([name, head]) => (
            <th key={name} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            {Object.keys(heads).map((name) => (
              <td key={name}>{row.cells[name]}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function OverReturn({ order }: { order: OverReturned }) {
  const { t } = useTranslation();
  const lines = order.lines.map((line) => ({
    key: String(line.line_no),
    cells: {
      item: line.name || line.sku,
      sku: <span className="zx-num">{line.sku}</span>,
      sold: count(line.sold),
      returned: <Pieces returned={line.returned} over={line.returned - line.sold} />,
    },
  }));
  const returns = order.returns.map((row) => ({
    key: row.id,
    cells: {
      number: (
        <>
          <Document id={row.id} number={row.number} /> <SaleKind kind={row.kind} />
        </>
      ),
      where: (
        <>
          <Channel name={row.channel} place={row.store} /> · <Time at={row.at} />
        </>
      ),
      returned: <Pieces returned={row.pieces} over={row.over_returned} />,
      total: <Money value={row.total} currency={order.currency} />,
    },
  }));
  return (
    <div className="zx-over">
      <dl>
        <Label name={t("review.order")}>
          <Document id={order.id} number={order.number} /> · <Channel name={order.channel} place={order.store?.name} />{" "}
          · <Time at={order.at} /> · <Money value={order.total} currency={order.currency} />
        </Label>
        {parseFloat(order.refunded) !== 0 && (
          <Label name={t("order.refunded")}>
            <Money value={order.refunded} currency={order.currency} />
          </Label>
        )}
      </dl>
      <Plain
        label={t("order.items")}
        heads={{
          item: t("order.item"),
          sku: t("property.sku"),
          sold: t("review.sold"),
          returned: t("review.returned"),
        }}
        rows={lines}
      />
      <h3>{t("review.returns")}</h3>
      <Plain
        label={t("review.returns")}
        heads={{
          number: t("order.number"),
          where: t("order.where"),
          returned: t("review.returned"),
          total: t("order.total"),
        }}
        rows={returns}
      />
    </div>
  );
}
