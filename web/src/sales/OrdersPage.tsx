// Orders and receipts of every channel in one list.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Button, Select } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { OrderRow } from "../api/types";
import { useUrl } from "../app/url";
import { storesQuery } from "../catalog/queries";
import { CustomerName } from "../customer/Name";
import { Channel, Money, State, Time } from "../ui/Bits";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { count } from "../ui/format";
import { Pager, totalText, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
import { PeriodPicker } from "../ui/Period";
import { Empty } from "../ui/States";
import { SaleKind, SaleStatus } from "./SaleWords";
import "./sales.css";

const channels = ["store", "web", "wechat"] as const;

function orderColumns(t: TFunction): Column<OrderRow>[] {
  return [
    {
      key: "number",
      title: t("order.number"),
      fixed: true,
      render: (row) => (
        <Link to="/orders/$id" params={{ id: row.id }} className="zx-row-link zx-num">
          {row.number}
        </Link>
      ),
    },
    { key: "kind", title: t("order.kind"), render: (row) => <SaleKind kind={row.kind} /> },
    {
      key: "status",
      title: t("order.status"),
      render: (row) => (
        <>
          <SaleStatus status={row.status} /> {row.over_returned && <State tone="warn">{t("order.over_flag")}</State>}
        </>
      ),
    },
    {
      key: "where",
      title: t("order.where"),
      render: (row) => <Channel name={row.channel} place={row.store?.name} />,
    },
    {
      key: "customer",
      title: t("order.customer"),
      render: (row) =>
        row.customer_id && (row.member || row.channel !== "store") ? (
          <Link to="/customers/$id" params={{ id: row.customer_id }}>
            {row.customer ? <CustomerName row={row.customer} /> : t("order.open_customer")}
          </Link>
        ) : (
          <span className="zx-masked">{t("order.walk_in")}</span>
        ),
    },
    { key: "units", title: t("order.units"), number: true, render: (row) => count(row.units) },
    {
      key: "total",
      title: t("order.total"),
      number: true,
      render: (row) => <Money value={row.total} currency={row.currency} />,
    },
    { key: "at", title: t("order.at"), number: true, render: (row) => <Time at={row.at} /> },
  ];
}

export function OrdersPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [{ channel, store, from, to }, setUrl] = useUrl();
  const stores = useQuery(storesQuery);
  const list = useList(["orders", { channel, store, from, to }], (after) =>
    body(api.GET("/api/v1/orders", { params: { query: { channel, store, from, to, after, limit: 50 } } })),
  );
  const columns = orderColumns(t);
  const filter = (change: Record<string, string | undefined>) => setUrl({ ...change, after: undefined });
  const filtered = !!(channel || store || from);
  const clear = () => filter({ channel: undefined, store: undefined, from: undefined, to: undefined });
  return (
    <>
      <PageHead
        title={t("nav.orders")}
        sub={list.data?.total && t("order.total_n", { total: totalText(list.data.total, t) })}
      />
      <section className="zx-card zx-list">
        <div className="zx-toolbar">
          <PeriodPicker
            clearable
            value={from && to ? { from, to } : null}
            onChange={(days) => filter({ from: days?.from, to: days?.to })}
          />
          <Select
            allowClear
            aria-label={t("now.channel")}
            placeholder={t("now.channel")}
            value={channel}
            onChange={(value?: string) => filter({ channel: value })}
            options={channels.map((value) => ({ value, label: t(`channel.${value}`) }))}
            popupMatchSelectWidth={false}
          />
          <Select
            allowClear
            aria-label={t("nav.stores")}
            placeholder={t("nav.stores")}
            value={store}
            onChange={(value?: string) => filter({ store: value })}
            options={stores.data?.items.map((s) => ({ value: s.code, label: s.name }))}
            popupMatchSelectWidth={false}
          />
          {filtered && <Button onClick={clear}>{t("common.clear")}</Button>}
          <div className="zx-right">
            <TableTools id="orders" columns={columns} />
          </div>
        </div>
        <DataTable
          id="orders"
          label={t("nav.orders")}
          columns={columns}
          rows={list.data?.items}
          rowKey={(row) => row.id}
          error={list.error}
          loading={list.isPlaceholderData}
          onRetry={() => list.refetch()}
          onOpen={(row) => navigate({ to: "/orders/$id", params: { id: row.id } })}
          empty={<Empty title={t("order.none")} text={t("order.none_text")} />}
        />
        <Pager list={list.data} shown={list.data?.items.length ?? 0} />
      </section>
    </>
  );
}
