// Columns of the customer list.
import { Link } from "@tanstack/react-router";
import { Tag } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { CustomerRow } from "../api/types";
import { Channel, Money, State, Time } from "../ui/Bits";
import type { Column } from "../ui/DataTable";
import { count } from "../ui/format";
import { CustomerName } from "./Name";

export function customerColumns(t: TFunction): Column<CustomerRow>[] {
  return [
    {
      key: "name",
      title: t("customer.name"),
      fixed: true,
      sort: true,
      render: (row) => (
        <Link to="/customers/$id" params={{ id: row.id }} className="zx-row-link">
          <CustomerName row={row} />
        </Link>
      ),
    },
    { key: "known", title: t("customer.known"), render: (row) => <Known row={row} /> },
    { key: "phone", title: t("customer.phone"), render: (row) => <span className="zx-num">{row.phone}</span> },
    {
      key: "card",
      title: t("customer.card"),
      extra: true,
      render: (row) => <span className="zx-num">{row.card}</span>,
    },
    {
      key: "code",
      title: t("customer.code"),
      extra: true,
      render: (row) => <span className="zx-num">{row.code}</span>,
    },
    { key: "channels", title: t("customer.channels"), render: (row) => <Channels row={row} /> },
    { key: "orders", title: t("customer.orders"), number: true, sort: true, render: (row) => count(row.orders) },
    {
      key: "spent",
      title: t("customer.spent"),
      number: true,
      sort: true,
      render: (row) => <Money value={row.spent} />,
    },
    { key: "home_store", title: t("customer.home_store"), render: (row) => row.home_store?.name ?? "–" },
    {
      key: "own_assistant",
      title: t("customer.own_assistant"),
      extra: true,
      render: (row) => row.own_assistant || "–",
    },
    { key: "tags", title: t("customer.tags"), render: (row) => <Tags tags={row.tags} /> },
    { key: "class", title: t("customer.class"), extra: true, render: (row) => t(`customer.class.${row.class}`) },
    {
      key: "created",
      title: t("customer.first_seen"),
      extra: true,
      sort: true,
      number: true,
      render: (row) => <Time at={row.first_seen} />,
    },
    {
      key: "last_seen",
      title: t("customer.last_seen"),
      sort: true,
      number: true,
      render: (row) => <Time at={row.last_seen} />,
    },
  ];
}

export function Known({ row }: { row: Pick<CustomerRow, "known" | "class"> }) {
  const { t } = useTranslation();
  return (
    <>
      <State tone={row.known === "member" ? "ok" : "plain"}>{t(`customer.known.${row.known}`)}</State>{" "}
      {row.class !== "consumer" && <State tone="warn">{t(`customer.class.${row.class}`)}</State>}
    </>
  );
}

export function Channels({ row }: { row: Pick<CustomerRow, "channels"> }) {
  return (
    <span className="zx-channels">
      {row.channels.store && <Channel name="store" />}
      {row.channels.web && <Channel name="web" />}
    </span>
  );
}

export function Tags({ tags }: { tags: string[] }) {
  return (
    <span className="zx-tag-list">
      {tags.slice(0, 3).map((tag) => (
        <Tag key={tag} variant="filled">
          {tag}
        </Tag>
      ))}
      {tags.length > 3 && <span className="zx-masked">+{tags.length - 3}</span>}
    </span>
  );
}
