// All customers: search, filters, sort, columns, pages. Filters stand in the address, the search text does not.
import { PlusOutlined, SearchOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useHotkeys } from "../app/hotkeys";
import { useMay, useMe } from "../app/session";
import { useUrl } from "../app/url";
import { storesQuery } from "../catalog/queries";
import { DataTable, TableTools } from "../ui/DataTable";
import { Pager, totalText, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/States";
import { CustomerCard } from "./CustomerCard";
import { customerColumns } from "./columns";
import "./customer.css";
import { listCustomers } from "./queries";
import { SavedViews } from "./SavedViews";

const classes = ["consumer", "staff", "reseller", "test"] as const;

export function ListPage() {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  const navigate = useNavigate();
  const [url, setUrl] = useUrl();
  const [q, setQ] = useState("");
  const { sort = "-last_seen", store, tag, class: klass } = url;
  const list = useList(["customers", { q, sort, store, tag, klass }], (after) =>
    listCustomers(q, { sort, store, tag, class: klass }, after),
  );
  const chain = may("customer.chain");
  const stores = useQuery({ ...storesQuery, enabled: chain });
  const columns = customerColumns(t);
  const filter = (change: Record<string, string | undefined>) => setUrl({ ...change, after: undefined });
  const filtered = !!(q || store || tag || klass);
  const clear = () => {
    setQ("");
    filter({ store: undefined, tag: undefined, class: undefined });
  };
  const toNew = () => navigate({ to: "/customers/new" });
  useHotkeys(may("customer.write") ? [{ keys: "n", text: t("keys.new"), run: toNew }] : []);
  return (
    <>
      <PageHead
        title={t(me.role === "store" ? "nav.my_customers" : "nav.customers")}
        sub={list.data?.total && t("customer.total", { total: totalText(list.data.total, t) })}
        acts={
          may("customer.write") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={toNew}>
              {t("customer.new")}
            </Button>
          )
        }
      />
      <section className="zx-card zx-list">
        <div className="zx-toolbar">
          <Input.Search
            className="zx-grow"
            allowClear
            prefix={<SearchOutlined aria-hidden />}
            placeholder={t("customer.search")}
            aria-label={t("customer.search")}
            autoComplete="off"
            onSearch={(text) => {
              setQ(text.trim());
              setUrl({ after: undefined });
            }}
          />
          {chain && (
            <Select
              allowClear
              placeholder={t("customer.home_store")}
              aria-label={t("customer.home_store")}
              value={store}
              onChange={(value?: string) => filter({ store: value })}
              options={stores.data?.items.map((s) => ({ value: s.code, label: s.name }))}
              popupMatchSelectWidth={false}
            />
          )}
          <Select
            allowClear
            placeholder={t("customer.class")}
            aria-label={t("customer.class")}
            value={klass}
            onChange={(value?: string) => filter({ class: value })}
            options={classes.map((value) => ({ value, label: t(`customer.class.${value}`) }))}
            popupMatchSelectWidth={false}
          />
          <Select
            mode="tags"
            maxCount={1}
            className="zx-tag-filter"
            placeholder={t("customer.tag")}
            aria-label={t("customer.tag")}
            value={tag ? [tag] : []}
            onChange={(value: string[]) => filter({ tag: value[0] })}
            open={false}
            suffixIcon={null}
          />
          {filtered && <Button onClick={clear}>{t("common.clear")}</Button>}
          <div className="zx-right">
            <SavedViews id="customers" keys={["sort", "store", "tag", "class"]} />
            <TableTools id="customers" columns={columns} />
          </div>
        </div>
        <DataTable
          id="customers"
          label={t("nav.customers")}
          columns={columns}
          rows={list.data?.items}
          rowKey={(row) => row.id}
          error={list.error}
          loading={list.isPlaceholderData}
          onRetry={() => list.refetch()}
          onOpen={(row) => navigate({ to: "/customers/$id", params: { id: row.id } })}
          sort={sort}
          onSort={(next) => filter({ sort: next })}
          card={(row) => <CustomerCard row={row} />}
          empty={
            filtered ? (
              <Empty
                title={t("customer.none_found")}
                text={t("customer.none_found_text")}
                action={<Button onClick={clear}>{t("common.clear")}</Button>}
              />
            ) : (
              <Empty
                title={t("customer.none")}
                text={t("customer.none_text")}
                action={
                  may("import.run") && (
                    <Button onClick={() => navigate({ to: "/data/imports" })}>{t("customer.none_act")}</Button>
                  )
                }
              />
            )
          }
        />
        <Pager list={list.data} shown={list.data?.items.length ?? 0} />
      </section>
    </>
  );
}
