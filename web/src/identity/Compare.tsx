// Two customers side by side, line by line; what differs is marked by a sign, not by colour alone.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CustomerRow } from "../api/types";
import { Channels, Known } from "../customer/columns";
import "../customer/customer.css";
import { CustomerName } from "../customer/Name";
import { count, money, when } from "../ui/format";

interface Line {
  name: string;
  show: (row: CustomerRow) => ReactNode;
  plain: (row: CustomerRow) => string;
}

export function Compare({ left, right }: { left: CustomerRow; right: CustomerRow }) {
  const { t } = useTranslation();
  const text = (name: string, plain: (row: CustomerRow) => string): Line => ({ name, plain, show: plain });
  const lines: Line[] = [
    text(t("customer.phone"), (row) => row.phone || "–"),
    text(t("customer.card"), (row) => row.card || "–"),
    text(t("customer.gender"), (row) => t(`gender.${row.gender}`)),
    text(t("customer.home_store"), (row) => row.home_store?.name ?? "–"),
    text(t("customer.own_assistant"), (row) => row.own_assistant || "–"),
    {
      name: t("customer.channels"),
      plain: (row) => JSON.stringify(row.channels),
      show: (row) => <Channels row={row} />,
    },
    { name: t("customer.known"), plain: (row) => row.known + row.class, show: (row) => <Known row={row} /> },
    text(t("customer.orders"), (row) => count(row.orders)),
    text(t("customer.spent"), (row) => money(row.spent)),
    text(t("customer.first_seen"), (row) => when(row.first_seen)),
    text(t("customer.last_seen"), (row) => when(row.last_seen)),
    text(t("customer.tags"), (row) => row.tags.join(" · ") || "–"),
  ];
  const head = (row: CustomerRow) => (
    <th scope="col">
      <Link to="/customers/$id" params={{ id: row.id }} className="zx-row-link">
        <CustomerName row={row} />
      </Link>
      <div className="zx-masked zx-num">{row.code}</div>
    </th>
  );
  return (
    <table className="zx-compare">
      <thead>
        <tr>
          <td />
          {head(left)}
          <td />
          {head(right)}
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => {
          const same = line.plain(left) === line.plain(right);
          return (
            <tr key={line.name} className={same ? "" : "zx-differs"}>
              <th scope="row">{line.name}</th>
              <td>{line.show(left)}</td>
              <td className="zx-sign" aria-label={t(same ? "review.same" : "review.different")}>
                {same ? "=" : "≠"}
              </td>
              <td>{line.show(right)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
