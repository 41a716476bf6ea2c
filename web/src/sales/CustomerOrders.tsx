// The orders and receipts of one customer, of every channel, beside her story.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { customerOrdersQuery } from "../customer/queries";
import { Channel, Money, Time } from "../ui/Bits";
import { Empty, Loaded } from "../ui/States";
import { SaleKind, SaleStatus } from "./SaleWords";
import "./sales.css";

export function CustomerOrders({ customerId }: { customerId: string }) {
  const { t } = useTranslation();
  const [trail, setTrail] = useState<string[]>([]);
  const after = trail.at(-1);
  const query = useQuery(customerOrdersQuery(customerId, after));
  return (
    <Loaded query={query} rows={6}>
      {({ items, next }) =>
        items.length ? (
          <>
            <ul className="zx-orders">
              {items.map((order) => (
                <li key={order.id}>
                  <Link to="/orders/$id" params={{ id: order.id }}>
                    <span className="zx-order-main">
                      <span>
                        <SaleKind kind={order.kind} /> <span className="zx-num">{order.number}</span>
                      </span>
                      <span className="zx-masked">
                        <Channel name={order.channel} place={order.store?.name} /> · <Time at={order.at} />
                      </span>
                    </span>
                    <span className="zx-order-side">
                      <Money value={order.total} currency={order.currency} />
                      <SaleStatus status={order.status} />
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
            <div className="zx-orders-pager">
              {after && <Button onClick={() => setTrail(trail.slice(0, -1))}>{t("common.previous")}</Button>}
              {next && <Button onClick={() => setTrail([...trail, next])}>{t("common.next")}</Button>}
            </div>
          </>
        ) : (
          <Empty title={t("order.none_of_her")} text={t("order.none_of_her_text")} />
        )
      }
    </Loaded>
  );
}
