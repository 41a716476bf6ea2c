// Sales by day, stacked by channel; the same numbers as a table one click behind.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { lazy, Suspense, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { DailyRow } from "../api/types";
import { textOr } from "../app/i18n";
import { useMode } from "../app/prefs";
import { color, seriesColors } from "../app/theme";
import { useUrl } from "../app/url";
import { Card } from "../ui/Bits";
import { inRow, money, moneyAxis, moneyShort } from "../ui/format";
import { Empty, Loaded } from "../ui/States";
import { dailyQuery, type Filter } from "./queries";

const Chart = lazy(() => import("../ui/Chart").then((m) => ({ default: m.Chart })));
const known = ["web", "store", "wechat"];

interface Series {
  channel: string;
  name: string;
  index: number;
  values: number[];
  total: number;
}

function arrange(rows: DailyRow[]): { days: string[]; series: Series[] } {
  const days = [...new Set(rows.map((row) => row.day))].sort();
  const at = new Map(days.map((day, i) => [day, i]));
  const channels = [...new Set(rows.map((row) => row.channel))].sort(
    (a, b) => (known.indexOf(a) + 1 || 99) - (known.indexOf(b) + 1 || 99) || a.localeCompare(b),
  );
  const series = channels.map((channel, i): Series => {
    const values = days.map(() => 0);
    for (const row of rows) if (row.channel === channel) values[at.get(row.day) ?? 0] = Number(row.sales);
    const index = known.includes(channel) ? known.indexOf(channel) : 3 + i;
    const total = values.reduce((sum, value) => sum + value, 0);
    return { channel, name: textOr(`channel.${channel}`, channel), index, values, total };
  });
  return { days, series };
}

function useOption(days: string[], series: Series[], label: string) {
  const mode = useMode();
  return useMemo(() => {
    const palette = seriesColors[mode];
    const text = color(mode, "text-3");
    return {
      animationDuration: 200,
      aria: { enabled: true, label: { description: label } },
      grid: { left: 8, right: 8, top: 16, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        axisPointer: { type: "shadow", shadowStyle: { color: color(mode, "fill-2"), opacity: 0.5 } },
        backgroundColor: color(mode, "raised"),
        borderColor: color(mode, "line"),
        textStyle: { color: color(mode, "text"), fontSize: 13 },
        valueFormatter: (value: number) => money(value),
      },
      xAxis: {
        type: "category",
        data: days,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: color(mode, "line") } },
        axisLabel: { color: text, formatter: (day: string) => day.slice(5), hideOverlap: true },
      },
      yAxis: {
        type: "value",
        min: 0,
        splitLine: { lineStyle: { color: color(mode, "line-2") } },
        axisLabel: { color: text, formatter: (value: number) => (value ? moneyAxis(value) : "0") },
      },
      series: series.map((one) => ({
        type: "bar",
        stack: "sales",
        name: one.name,
        data: one.values,
        barMaxWidth: 28,
        itemStyle: { color: palette[one.index % palette.length] },
        emphasis: { disabled: true },
      })),
    };
  }, [days, series, mode, label]);
}

function DailyTable({ days, series }: { days: string[]; series: Series[] }) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="zx-daily-table" tabIndex={0} aria-label={t("overview.daily")}>
      <table className="zx-totals">
        <thead>
          <tr>
            <th scope="col">{t("overview.day")}</th>
            {series.map((one) => (
              <th key={one.channel} scope="col">
                {one.name}
              </th>
            ))}
            <th scope="col">{t("overview.sum")}</th>
          </tr>
        </thead>
        <tbody>
          {days.map((day, i) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {series.map((one) => (
                <td key={one.channel}>{money(one.values[i])}</td>
              ))}
              <td>{money(series.reduce((sum, one) => sum + (one.values[i] ?? 0), 0))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Daily({ rows }: { rows: DailyRow[] }) {
  const { t } = useTranslation();
  const [{ daily }] = useUrl();
  const { days, series } = useMemo(() => arrange(rows), [rows]);
  const label = `${t("overview.daily")}: ${inRow(series.map((one) => `${one.name} ${moneyShort(one.total)}`))}`;
  const option = useOption(days, series, label);
  if (!rows.length) return <Empty title={t("overview.no_sales")} text={t("overview.no_sales_text")} />;
  if (daily === "table") return <DailyTable days={days} series={series} />;
  return (
    <>
      <ul className="zx-legend">
        {series.map((one) => (
          <li key={one.channel}>
            <span style={{ background: `var(--zx-series-${(one.index % 8) + 1})` }} />
            {one.name} <b className="zx-num">{moneyShort(one.total)}</b>
          </li>
        ))}
      </ul>
      <Suspense fallback={<div style={{ height: 280 }} />}>
        <Chart option={option} height={280} label={label} />
      </Suspense>
    </>
  );
}

export function DailyChart({ filter }: { filter: Filter }) {
  const { t } = useTranslation();
  const [{ daily = "chart" }, setUrl] = useUrl();
  const query = useQuery({ ...dailyQuery(filter), placeholderData: keepPreviousData });
  return (
    <Card
      title={t("overview.daily_title", { from: filter.from, to: filter.to })}
      extra={
        <Segmented
          size="small"
          aria-label={t("overview.daily_as")}
          value={daily}
          onChange={(value) => setUrl({ daily: value === "chart" ? undefined : value })}
          options={[
            { value: "chart", label: t("overview.chart") },
            { value: "table", label: t("overview.table") },
          ]}
        />
      }
    >
      <Loaded query={query} rows={7}>
        {({ items }) => <Daily rows={items} />}
      </Loaded>
    </Card>
  );
}
