// The people who work here with this system: who, which role, which stores.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { StaffRow } from "../api/types";
import { useMay } from "../app/session";
import { State, Time } from "../ui/Bits";
import { type Column, DataTable, TableTools } from "../ui/DataTable";
import { inRow } from "../ui/format";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/States";
import { StaffDialog } from "./StaffDialog";

export function StaffPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [editing, setEditing] = useState<StaffRow | "new" | null>(null);
  const query = useQuery({
    queryKey: ["staff"],
    queryFn: () => body(api.GET("/api/v1/staff", { params: { query: { limit: 200 } } })),
  });
  const writes = may("staff.write");
  const columns: Column<StaffRow>[] = [
    {
      key: "name",
      title: t("staff.name"),
      fixed: true,
      render: (row) =>
        writes ? (
          <Button type="link" className="zx-cell-button" onClick={() => setEditing(row)}>
            {row.name}
          </Button>
        ) : (
          row.name
        ),
    },
    { key: "email", title: t("staff.email"), render: (row) => row.email },
    { key: "number", title: t("staff.number"), render: (row) => row.number || "–" },
    { key: "role", title: t("staff.role"), render: (row) => t(`role.${row.role}`) },
    { key: "stores", title: t("staff.stores"), render: (row) => inRow(row.stores) || "–" },
    {
      key: "active",
      title: t("order.status"),
      render: (row) => (
        <State tone={row.enabled ? "ok" : "warn"}>{t(row.enabled ? "staff.active" : "staff.inactive")}</State>
      ),
    },
    { key: "created", title: t("staff.since"), number: true, render: (row) => <Time at={row.created_at} /> },
  ];
  return (
    <>
      <PageHead
        title={t("nav.staff")}
        acts={
          <>
            <TableTools id="staff" columns={columns} />
            {writes && (
              <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
                {t("staff.new")}
              </Button>
            )}
          </>
        }
      />
      <section className="zx-card zx-list">
        <DataTable
          id="staff"
          label={t("nav.staff")}
          columns={columns}
          rows={query.data?.items}
          rowKey={(row) => row.id}
          error={query.error}
          onRetry={() => query.refetch()}
          onOpen={writes ? setEditing : undefined}
          empty={<Empty title={t("staff.none")} />}
        />
      </section>
      {editing && <StaffDialog staff={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
    </>
  );
}
