// 异常数据: what came but could not be used, with the reason and the field, as it was (personal values removed).
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { Quarantined } from "../api/types";
import { textOr } from "../app/i18n";
import { State, Time } from "../ui/Bits";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { Pager, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/States";
import "./intake.css";

export function QuarantinePage() {
  const { t } = useTranslation();
  const list = useList(["quarantine"], (after) =>
    body(api.GET("/api/v1/quarantine", { params: { query: { after, limit: 50 } } })),
  );
  const columns: Column<Quarantined>[] = [
    {
      key: "name",
      title: t("live.name"),
      fixed: true,
      render: (row) => textOr(`event.${row.name}`, row.name || row.type),
    },
    { key: "type", title: t("live.type"), render: (row) => <code>{row.type}</code> },
    { key: "source", title: t("live.source"), render: (row) => row.source },
    {
      key: "reason",
      title: t("live.reason"),
      render: (row) => <State tone="danger">{textOr(`reason.${row.reason}`, row.reason)}</State>,
    },
    { key: "field", title: t("quarantine.field"), render: (row) => (row.field ? <code>{row.field}</code> : "–") },
    { key: "at", title: t("live.at"), number: true, render: (row) => <Time at={row.at} /> },
  ];
  return (
    <>
      <PageHead
        title={t("nav.quarantine")}
        sub={t("quarantine.sub")}
        acts={<TableTools id="quarantine" columns={columns} />}
      />
      <section className="zx-card zx-list">
        <DataTable
          id="quarantine"
          label={t("nav.quarantine")}
          columns={columns}
          rows={list.data?.items}
          rowKey={(row) => row.id}
          error={list.error}
          loading={list.isPlaceholderData}
          onRetry={() => list.refetch()}
          expanded={(row) => (
            <figure className="zx-body">
              <figcaption className="zx-masked">{t("quarantine.body")}</figcaption>
              <pre>{typeof row.body === "string" ? row.body : JSON.stringify(row.body, null, 2)}</pre>
            </figure>
          )}
          empty={<Empty title={t("quarantine.none")} text={t("quarantine.none_text")} />}
        />
        <Pager list={list.data} shown={list.data?.items.length ?? 0} />
      </section>
    </>
  );
}
