// Styles as pictures or as a table; floor price and cost only where the server sends them.
import { AppstoreOutlined, SearchOutlined, UnorderedListOutlined } from "@ant-design/icons";
import { Link, useNavigate } from "@tanstack/react-router";
import { Input, Segmented } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { StyleRow } from "../api/types";
import { useMay } from "../app/session";
import { useUrl } from "../app/url";
import { Money } from "../ui/Bits";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { count, day } from "../ui/format";
import { Pager, totalText, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/States";
import "./catalog.css";
import { Garment, PriceRange } from "./Garment";

function styleColumns(t: TFunction, finance: boolean): Column<StyleRow>[] {
  const columns: Column<StyleRow>[] = [
    {
      key: "style",
      title: t("style.style"),
      fixed: true,
      render: (row) => (
        <Link to="/catalogue/styles/$id" params={{ id: row.id }} className="zx-row-link zx-style-row">
          <Garment image={row.image} name={row.name} size={36} />
          <span>
            {row.name}
            <br />
            <span className="zx-masked zx-num">{row.code}</span>
          </span>
        </Link>
      ),
    },
    { key: "category", title: t("style.category"), render: (row) => row.category },
    { key: "brand", title: t("style.brand"), extra: true, render: (row) => row.brand },
    { key: "season", title: t("style.season"), render: (row) => row.season },
    { key: "wave", title: t("style.wave"), extra: true, render: (row) => row.wave },
    { key: "launch", title: t("style.launch_day"), number: true, render: (row) => day(row.launch_day) },
    { key: "skus", title: t("style.skus"), number: true, render: (row) => count(row.skus) },
    {
      key: "list",
      title: t("style.list_price"),
      number: true,
      render: (row) => <PriceRange low={row.list_price_min} high={row.list_price_max} />,
    },
  ];
  if (!finance) return columns;
  return [
    ...columns,
    {
      key: "floor",
      title: t("style.floor_price"),
      number: true,
      render: (row) => <Money value={row.floor_price_min} />,
    },
    {
      key: "cost",
      title: t("style.cost"),
      number: true,
      extra: true,
      render: (row) => <PriceRange low={row.cost_min} high={row.cost_max} />,
    },
  ];
}

function StyleGrid({ rows }: { rows: StyleRow[] }) {
  return (
    <ul className="zx-styles">
      {rows.map((row) => (
        <li key={row.id}>
          <Link to="/catalogue/styles/$id" params={{ id: row.id }}>
            <Garment image={row.image} name={row.name} />
            <strong>{row.name}</strong>
            <span className="zx-masked zx-num">
              {row.code} · {row.season}
            </span>
            <PriceRange low={row.list_price_min} high={row.list_price_max} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function StylesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const [{ q, as = "grid" }, setUrl] = useUrl();
  const list = useList(["styles", { q }], (after) =>
    body(api.GET("/api/v1/styles", { params: { query: { q, after, limit: 60 } } })),
  );
  const columns = styleColumns(t, may("finance.read"));
  const rows = list.data?.items;
  const empty = <Empty title={t("style.none")} text={t("style.none_text")} />;
  return (
    <>
      <PageHead
        title={t("nav.styles")}
        sub={list.data?.total && t("style.total", { total: totalText(list.data.total, t) })}
      />
      <section className="zx-card zx-list">
        <div className="zx-toolbar">
          <Input.Search
            className="zx-grow"
            allowClear
            defaultValue={q}
            prefix={<SearchOutlined aria-hidden />}
            aria-label={t("style.search")}
            placeholder={t("style.search")}
            onSearch={(text) => setUrl({ q: text.trim() || undefined, after: undefined })}
          />
          <div className="zx-right">
            <Segmented
              aria-label={t("table.columns")}
              value={as}
              onChange={(value) => setUrl({ as: value === "grid" ? undefined : value })}
              options={[
                { value: "grid", icon: <AppstoreOutlined />, label: t("style.grid") },
                { value: "table", icon: <UnorderedListOutlined />, label: t("style.list") },
              ]}
            />
            {as === "table" && <TableTools id="styles" columns={columns} />}
          </div>
        </div>
        {as === "grid" && rows?.length ? (
          <StyleGrid rows={rows} />
        ) : (
          <DataTable
            id="styles"
            label={t("nav.styles")}
            columns={columns}
            rows={rows}
            rowKey={(row) => row.id}
            error={list.error}
            loading={list.isPlaceholderData}
            onRetry={() => list.refetch()}
            onOpen={(row) => navigate({ to: "/catalogue/styles/$id", params: { id: row.id } })}
            empty={empty}
          />
        )}
        <Pager list={list.data} shown={rows?.length ?? 0} />
      </section>
    </>
  );
}
