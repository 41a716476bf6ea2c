// The stores, and the way from each to its customers and receipts.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Store } from "../api/types";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { type Column, DataTable } from "../ui/DataTable";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/States";
import { storesQuery } from "./queries";

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function zone(minutes: number): string {
  return `UTC${minutes < 0 ? "−" : "+"}${clock(Math.abs(minutes))}`;
}

export function StoresPage() {
  const { t } = useTranslation();
  const may = useMay();
  const query = useQuery(storesQuery);
  const columns: Column<Store>[] = [
    { key: "name", title: t("store.name"), fixed: true, render: (row) => <strong>{row.name}</strong> },
    { key: "code", title: t("store.code"), render: (row) => <span className="zx-num">{row.code}</span> },
    { key: "region", title: t("store.region"), render: (row) => row.region },
    { key: "city", title: t("store.city"), render: (row) => row.city },
    { key: "kind", title: t("store.kind"), render: (row) => textOr(`store.kind.${row.kind}`, row.kind) },
    {
      key: "cut",
      title: t("store.day_cut"),
      render: (row) => t("store.next_day", { time: clock(row.day_cut_minutes) }),
    },
    { key: "zone", title: t("store.zone"), extra: true, render: (row) => zone(row.zone_offset_minutes) },
    {
      key: "go",
      title: t("common.open"),
      render: (row) => (
        <span className="zx-channels">
          {may("customer.chain") && (
            <Link to="/customers" search={{ store: row.code }}>
              {t("store.customers")}
            </Link>
          )}
          <Link to="/orders" search={{ store: row.code }}>
            {t("store.orders")}
          </Link>
        </span>
      ),
    },
  ];
  return (
    <>
      <PageHead title={t("nav.stores")} />
      <section className="zx-card zx-list">
        <DataTable
          id="stores"
          label={t("nav.stores")}
          columns={columns}
          rows={query.data?.items}
          rowKey={(row) => row.id}
          error={query.error}
          onRetry={() => query.refetch()}
          empty={<Empty title={t("store.none")} text={t("store.none_text")} />}
        />
      </section>
    </>
  );
}
