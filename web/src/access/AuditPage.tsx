// 查看记录: who looked at or changed what; written by the server before the act, never editable.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { AuditRow } from "../api/types";
import { textOr, textsUnder } from "../app/i18n";
import { useMay } from "../app/session";
import { stringifySearch, useUrl } from "../app/url";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { inRow, whenFull } from "../ui/format";
import { Pager, totalText, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
import { PeriodPicker } from "../ui/Period";
import { Empty } from "../ui/States";

function detailText(detail: AuditRow["detail"]): string {
  return Object.entries(detail ?? {})
    .map(([key, value]) => {
      const words = Array.isArray(value)
        ? inRow(value.map((v) => textOr(`reveal.field.${v}`, String(v))))
        : textOr(`reveal.purpose.${value}`, typeof value === "object" ? JSON.stringify(value) : String(value));
      return `${textOr(`audit.${key}`, textOr(`reveal.${key}`, key))} ${words}`;
    })
    .join(" · ");
}

/** The kind of thing and whose name it is; the id where it has none. */
function objectText(row: AuditRow): string {
  const kind = row.object && textOr(`audit.object.${row.object}`, row.object);
  return [kind, row.object_name || row.object_id].filter(Boolean).join(" ") || "–";
}

/** Whoever can have acted: the staff, the program itself, and programs with a key. */
function useActors() {
  const { t } = useTranslation();
  const may = useMay();
  const staff = useQuery({
    queryKey: ["staff"],
    queryFn: () => body(api.GET("/api/v1/staff", { params: { query: { limit: 200 } } })),
    enabled: may("staff.read"),
  });
  return [
    ...(staff.data?.items ?? []).map((one) => ({ value: one.id, label: one.name })),
    { value: "program", label: t("audit.program") },
    { value: "key", label: t("audit.key") },
  ];
}

export function AuditPage() {
  const { t } = useTranslation();
  const [{ who, action, from, to, q }, setUrl] = useUrl();
  const chosen = { who, action, from, to, q };
  const list = useList(["audit", chosen], (after) =>
    body(api.GET("/api/v1/audit", { params: { query: { ...chosen, after, limit: 100 } } })),
  );
  const actors = useActors();
  const filter = (change: Record<string, string | undefined>) => setUrl({ ...change, after: undefined });
  const clear = () => filter({ who: undefined, action: undefined, from: undefined, to: undefined, q: undefined });
  const columns: Column<AuditRow>[] = [
    {
      key: "at",
      title: t("audit.at"),
      fixed: true,
      render: (row) => <time className="zx-num">{whenFull(row.at).slice(0, 19)}</time>,
    },
    {
      key: "actor",
      title: t("audit.actor"),
      render: (row) => row.staff ?? t(row.key_id ? "audit.key" : "audit.program"),
    },
    { key: "action", title: t("audit.action"), render: (row) => textOr(`audit.action.${row.action}`, row.action) },
    {
      key: "object",
      title: t("audit.object"),
      render: (row) =>
        row.object === "customer" && row.object_id ? (
          <Link to="/customers/$id" params={{ id: row.object_id }}>
            {t("order.open_customer")}
          </Link>
        ) : (
          objectText(row)
        ),
    },
    {
      key: "detail",
      title: t("audit.detail"),
      render: (row) => <div className="zx-wrap">{detailText(row.detail) || "–"}</div>,
    },
    {
      key: "request",
      title: t("audit.request"),
      extra: true,
      render: (row) => <span className="zx-num">{row.request_id ?? "–"}</span>,
    },
  ];
  return (
    <>
      <PageHead
        title={t("nav.audit")}
        sub={[t("audit.sub"), list.data?.total && t("audit.total", { total: totalText(list.data.total, t) })]
          .filter(Boolean)
          .join(" · ")}
        acts={
          <>
            <Button icon={<DownloadOutlined />} href={`/api/v1/audit.xlsx${stringifySearch(chosen)}`} download>
              {t("audit.export", { format: "XLSX" })}
            </Button>
            <Button icon={<DownloadOutlined />} href={`/api/v1/audit.csv${stringifySearch(chosen)}`} download>
              {t("audit.export", { format: "CSV" })}
            </Button>
          </>
        }
      />
      <section className="zx-card zx-list">
        <div className="zx-toolbar">
          <Input.Search
            allowClear
            className="zx-grow"
            aria-label={t("audit.search")}
            placeholder={t("audit.search")}
            defaultValue={q}
            key={q ?? ""}
            maxLength={64}
            onSearch={(text) => filter({ q: text.trim() || undefined })}
          />
          <PeriodPicker
            clearable
            value={from && to ? { from, to } : null}
            onChange={(days) => filter({ from: days?.from, to: days?.to })}
          />
          <Select
            allowClear
            aria-label={t("audit.actor")}
            placeholder={t("audit.actor")}
            value={who}
            onChange={(value?: string) => filter({ who: value })}
            options={actors}
            showSearch={{ optionFilterProp: "label" }}
            popupMatchSelectWidth={false}
          />
          <Select
            allowClear
            aria-label={t("audit.action")}
            placeholder={t("audit.action")}
            value={action}
            onChange={(value?: string) => filter({ action: value })}
            options={textsUnder("audit.action.").map((value) => ({
              value,
              label: textOr(`audit.action.${value}`, value),
            }))}
            showSearch={{ optionFilterProp: "label" }}
            popupMatchSelectWidth={false}
          />
          {(who || action || from || q) && <Button onClick={clear}>{t("common.clear")}</Button>}
          <div className="zx-right">
            <TableTools id="audit" columns={columns} />
          </div>
        </div>
        <DataTable
          id="audit"
          label={t("nav.audit")}
          columns={columns}
          rows={list.data?.items}
          rowKey={(row) => row.id}
          error={list.error}
          loading={list.isPlaceholderData}
          onRetry={() => list.refetch()}
          empty={
            who || action || from || q ? (
              <Empty title={t("audit.none_found")} text={t("audit.none_found_text")} />
            ) : (
              <Empty title={t("audit.none")} text={t("audit.none_text")} />
            )
          }
        />
        <Pager list={list.data} shown={list.data?.items.length ?? 0} />
      </section>
    </>
  );
}
