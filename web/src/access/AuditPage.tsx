// 查看记录: who looked at or changed what; written by the server before the act, never editable.
import { Link } from "@tanstack/react-router";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { AuditRow } from "../api/types";
import { textOr, textsUnder } from "../app/i18n";
import { useUrl } from "../app/url";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { inRow, whenFull } from "../ui/format";
import { Pager, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
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

export function AuditPage() {
  const { t } = useTranslation();
  const [{ action }, setUrl] = useUrl();
  const list = useList(["audit", { action }], (after) =>
    body(api.GET("/api/v1/audit", { params: { query: { action, after, limit: 100 } } })),
  );
  const filter = (change: Record<string, string | undefined>) => setUrl({ ...change, after: undefined });
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
      <PageHead title={t("nav.audit")} sub={t("audit.sub")} />
      <section className="zx-card zx-list">
        <div className="zx-toolbar">
          <Select
            allowClear
            aria-label={t("audit.action")}
            placeholder={t("audit.action")}
            value={action}
            onChange={(value?: string) => filter({ action: value })}
            options={textsUnder("audit.action.").map((value) => ({ value, label: textOr(`audit.action.${value}`, value) }))}
            showSearch={{ optionFilterProp: "label" }}
            popupMatchSelectWidth={false}
          />
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
          empty={<Empty title={t("audit.none")} text={t("audit.none_text")} />}
        />
        <Pager list={list.data} shown={list.data?.items.length ?? 0} />
      </section>
    </>
  );
}
