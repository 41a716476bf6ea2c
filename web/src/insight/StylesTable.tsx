// Styles in the period: how long in sale, how fast they sell, and the lowest price sold against the floor.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { StyleFigures } from "../api/types";
import { useMay } from "../app/session";
import { useUrl } from "../app/url";
import { Card, Money, State } from "../ui/Bits";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { count, percent } from "../ui/format";
import { Empty } from "../ui/States";
import { type Filter, stylesQuery } from "./queries";

function isBelow(row: StyleFigures): boolean {
  return Number(row.below_floor ?? 0) > 0;
}

function columnsOf(t: TFunction, finance: boolean): Column<StyleFigures>[] {
  const number = (key: keyof StyleFigures & string, title: string, extra?: boolean): Column<StyleFigures> => ({
    key,
    title,
    number: true,
    sort: true,
    extra,
    render: (row) => count(row[key] as number | null),
  });
  const sum = (key: keyof StyleFigures & string, title: string): Column<StyleFigures> => ({
    key,
    title,
    number: true,
    sort: true,
    render: (row) => <Money value={row[key] as string | null} />,
  });
  return [
    {
      key: "name",
      title: t("nav.styles"),
      fixed: true,
      render: (row) => (
        <span>
          {row.style_id ? (
            <Link to="/catalogue/styles/$id" params={{ id: row.style_id }} className="zx-row-link">
              {row.name || row.style}
            </Link>
          ) : (
            row.name || row.style
          )}{" "}
          <span className="zx-masked zx-num">{row.style}</span>
        </span>
      ),
    },
    sum("sales", t("tile.sales")),
    ...(finance ? [sum("margin", t("tile.margin"))] : []),
    number("sold", t("styles.sold")),
    number("days_in_sale", t("styles.days_in_sale")),
    number("days_to_first", t("styles.days_to_first"), true),
    number("days_to_median", t("styles.days_to_median")),
    sum("lowest_price", t("styles.lowest")),
    ...(finance
      ? [
          {
            key: "floor_price",
            title: t("style.floor_price"),
            number: true,
            render: (row: StyleFigures) => (
              <>
                {isBelow(row) && <State tone="danger">{t("styles.below")}</State>} <Money value={row.floor_price} />
              </>
            ),
          },
        ]
      : []),
    {
      key: "return_rate",
      title: t("styles.return_rate"),
      number: true,
      sort: true,
      render: (row) => percent(row.return_rate),
    },
  ];
}

function sorted(rows: StyleFigures[], sort: string): StyleFigures[] {
  const key = sort.replace(/^-/, "") as keyof StyleFigures;
  const way = sort.startsWith("-") ? -1 : 1;
  const value = (row: StyleFigures) => (row[key] === null || row[key] === undefined ? -Infinity : Number(row[key]));
  return [...rows].sort((a, b) => way * (value(a) - value(b)));
}

export function StylesTable({ filter }: { filter: Filter }) {
  const { t } = useTranslation();
  const may = useMay();
  const [{ styles = "-sales" }, setUrl] = useUrl();
  const query = useQuery({ ...stylesQuery(filter), placeholderData: keepPreviousData });
  const columns = columnsOf(t, may("finance.read"));
  return (
    <Card
      flush
      className="zx-list"
      title={t("styles.title", { from: filter.from, to: filter.to })}
      extra={<TableTools id="style-figures" columns={columns} />}
    >
      <DataTable
        id="style-figures"
        label={t("styles.label")}
        columns={columns}
        rows={query.data && sorted(query.data.items, styles).slice(0, 15)}
        rowKey={(row) => row.style}
        error={query.error}
        loading={query.isPlaceholderData}
        onRetry={() => query.refetch()}
        sort={styles}
        onSort={(next) => setUrl({ styles: next })}
        empty={<Empty title={t("styles.none")} text={t("overview.no_sales_text")} />}
      />
    </Card>
  );
}
