// The list behind a figure: the documents or people that were counted, with the same filter.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import { textOr } from "../app/i18n";
import { useUrl } from "../app/url";
import { type CustomerLabel, CustomerName } from "../customer/Name";
import { Channel } from "../ui/Bits";
import { type Column, DataTable } from "../ui/DataTable";
import { money, when } from "../ui/format";
import { Pager, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/States";
import "./insight.css";
import { OverviewFilter } from "./OverviewFilter";
import { useFilter } from "./queries";

type Row = Record<string, unknown>;

const moneyKeys = new Set(["total", "sales", "margin", "paid", "amount", "spent", "list_price", "refund", "cost"]);
const hiddenKeys = new Set(["id", "currency", "order_id", "sale_id", "customer"]);

function cell(key: string, row: Row): ReactNode {
  const value = row[key];
  if (key === "customer_id" && !row.customer) return <span className="zx-masked">{textOr("order.walk_in", "–")}</span>;
  if (value === null || value === undefined || value === "") return "–";
  if (key === "channel") return <Channel name={String(value)} />;
  if (key === "customer_id") {
    return (
      <Link to="/customers/$id" params={{ id: String(value) }}>
        <CustomerName row={row.customer as CustomerLabel} />
      </Link>
    );
  }
  if (key === "number") {
    const id = row.order_id ?? row.sale_id ?? row.id;
    return id ? (
      <Link to="/orders/$id" params={{ id: String(id) }} className="zx-row-link zx-num">
        {String(value)}
      </Link>
    ) : (
      String(value)
    );
  }
  if (moneyKeys.has(key)) return money(String(value));
  if (/^\d{4}-\d{2}-\d{2}T/.test(String(value))) return when(String(value));
  if (key === "kind") return textOr(`sale.kind.${value}`, String(value));
  if (typeof value === "object") return textOr("", (value as { name?: string }).name ?? JSON.stringify(value));
  return String(value);
}

export function DetailPage() {
  const { t } = useTranslation();
  const filter = useFilter();
  const [{ tile = "sales" }] = useUrl();
  const list = useList<Row>(["overview", "detail", tile, filter], (after) =>
    body(api.GET("/api/v1/overview/detail", { params: { query: { ...filter, tile, after, limit: 100 } } })),
  );
  const rows = list.data?.items;
  const keys = Object.keys(rows?.[0] ?? {}).filter((key) => !hiddenKeys.has(key));
  const columns: Column<Row>[] = keys.map((key, i) => ({
    key,
    title: textOr(`column.${key}`, key),
    fixed: i === 0,
    number: moneyKeys.has(key) || typeof rows?.[0]?.[key] === "number",
    render: (row) => cell(key, row),
  }));
  const name = textOr(`tile.${tile}`, tile);
  return (
    <div className="zx-overview">
      <PageHead
        title={t("overview.behind", { name })}
        sub={textOr(`tile.${tile}.formula`, "")}
        acts={
          <Link to="/overview" search={filter} className="zx-back">
            {t("overview.back")}
          </Link>
        }
      />
      <OverviewFilter />
      <section className="zx-card zx-list">
        <DataTable
          id={`detail-${tile}`}
          label={name}
          columns={columns}
          rows={rows}
          rowKey={(row) => String(row.id ?? row.order_id ?? row.customer_id ?? JSON.stringify(row))}
          error={list.error}
          loading={list.isPlaceholderData}
          onRetry={() => list.refetch()}
          empty={<Empty title={t("overview.no_sales")} text={t("overview.no_sales_text")} />}
        />
        <Pager list={list.data} shown={rows?.length ?? 0} />
      </section>
    </div>
  );
}
