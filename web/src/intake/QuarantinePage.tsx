// 异常数据: what came but could not be used, with the reason, as it was (personal values removed).
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { Quarantined } from "../api/types";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { State, Time } from "../ui/Bits";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { Pager, useList } from "../ui/list";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/States";
import "./intake.css";
import { sourcesQuery } from "./queries";
import { reasonText } from "./reason";

/** What the call said it was, as far as it can be read. */
function said(raw: string): { type: string; name: string; pretty: string } {
  try {
    const call = JSON.parse(raw) as Record<string, unknown>;
    return {
      type: String(call.type ?? ""),
      name: String(call.event ?? call.name ?? call.number ?? ""),
      pretty: JSON.stringify(call, null, 2),
    };
  } catch {
    return { type: "", name: "", pretty: raw };
  }
}

export function QuarantinePage() {
  const { t } = useTranslation();
  const may = useMay();
  const sources = useQuery({ ...sourcesQuery, enabled: may("source.read") });
  const list = useList(["quarantine"], (after) =>
    body(api.GET("/api/v1/quarantine", { params: { query: { after, limit: 50 } } })),
  );
  const sourceName = (id: string | null) => sources.data?.items.find((source) => source.id === id)?.name ?? id ?? "–";
  const columns: Column<Quarantined>[] = [
    {
      key: "name",
      title: t("live.name"),
      fixed: true,
      render: (row) => {
        const call = said(row.raw);
        return textOr(`event.${call.name}`, call.name || call.type || t("quarantine.unreadable"));
      },
    },
    { key: "type", title: t("live.type"), render: (row) => <code>{said(row.raw).type || "–"}</code> },
    { key: "source", title: t("live.source"), render: (row) => sourceName(row.source_id) },
    {
      key: "reason",
      title: t("live.reason"),
      render: (row) => <State tone="danger">{reasonText(row.reason)}</State>,
    },
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
              <pre>{said(row.raw).pretty}</pre>
            </figure>
          )}
          empty={<Empty title={t("quarantine.none")} text={t("quarantine.none_text")} />}
        />
        <Pager list={list.data} shown={list.data?.items.length ?? 0} />
      </section>
    </>
  );
}
