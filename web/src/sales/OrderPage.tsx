// One order or receipt: what was bought, what was paid and how, who sold it, and whose it is.
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { Order, OrderLine } from "../api/types";
import { textOr } from "../app/i18n";
import { useMay } from "../app/session";
import { Garment } from "../catalog/Garment";
import { styleQuery } from "../catalog/queries";
import { CustomerName } from "../customer/Name";
import { Card, Channel, Label, Money, State, Time } from "../ui/Bits";
import { type Column, DataTable } from "../ui/DataTable";
import { count, inRow, whenFull } from "../ui/format";
import { PageHead } from "../ui/PageHead";
import { Loaded } from "../ui/States";
import { SaleStatus } from "./SaleWords";
import "./sales.css";

function StylePicture({ styleId, name }: { styleId: string | null; name: string }) {
  const { data } = useQuery({ ...styleQuery(styleId ?? ""), enabled: !!styleId, staleTime: 3600000 });
  return <Garment key={data?.image} image={data?.image ?? ""} name={name} size={44} />;
}

function LineItem({ line }: { line: OrderLine }) {
  const { t } = useTranslation();
  const of = line.return_of;
  const notes = [
    line.promotion,
    line.coupon,
    of && !of.order_id && t("order.returns_of", { of: of.number || "–" }),
    line.return_reason && t("order.reason", { reason: line.return_reason }),
  ].filter(Boolean);
  return (
    <span className="zx-order-line">
      <StylePicture styleId={line.style_id} name={line.name || line.sku} />
      <span>
        {line.name || line.sku}
        {line.over_returned > 0 && (
          <>
            {" "}
            <State tone="warn">{t("order.over_returned", { n: count(line.over_returned) })}</State>
          </>
        )}
        {line.returned > line.quantity && line.quantity > 0 && (
          <>
            {" "}
            <State tone="warn">
              {t("order.sold_returned", { sold: count(line.quantity), returned: count(line.returned) })}
            </State>
          </>
        )}
        <br />
        <span className="zx-masked zx-num">
          {[line.sku, ...notes].join(" · ")}
          {of?.order_id && (
            <>
              {" · "}
              <Link to="/orders/$id" params={{ id: of.order_id }}>
                {t("order.returns_of", { of: of.number || of.order_id })}
              </Link>
            </>
          )}
        </span>
      </span>
    </span>
  );
}

function Lines({ order }: { order: Order }) {
  const { t } = useTranslation();
  const columns: Column<OrderLine>[] = [
    { key: "item", title: t("order.item"), fixed: true, render: (line) => <LineItem line={line} /> },
    { key: "quantity", title: t("order.quantity"), number: true, render: (line) => count(line.quantity) },
    {
      key: "list",
      title: t("order.list_price"),
      number: true,
      render: (line) => <Money value={line.list_price} currency={order.currency} />,
    },
    {
      key: "discount",
      title: t("order.discount"),
      number: true,
      render: (line) => <Money value={line.discount} currency={order.currency} />,
    },
    {
      key: "paid",
      title: t("order.paid"),
      number: true,
      render: (line) => <Money value={line.paid} currency={order.currency} />,
    },
  ];
  return (
    <DataTable
      id="order-lines"
      label={t("order.items")}
      columns={columns}
      rows={order.lines}
      rowKey={(line) => String(line.line_no)}
      empty={null}
    />
  );
}

function Sums({ order }: { order: Order }) {
  const { t } = useTranslation();
  const money = (value: string) => <Money value={value} currency={order.currency} />;
  return (
    <Card title={t("order.tenders")}>
      <dl className="zx-order-sums">
        {order.tenders.map((tender) => (
          <Label key={tender.type + tender.amount} name={textOr(`tender.${tender.type}`, tender.type)}>
            {money(tender.amount)}
          </Label>
        ))}
        {Number(order.order_discount) !== 0 && (
          <Label name={t("order.order_discount")}>{money(order.order_discount)}</Label>
        )}
        {Number(order.freight) !== 0 && <Label name={t("order.freight")}>{money(order.freight)}</Label>}
        <Label name={t("order.total")}>
          <strong>{money(order.total)}</strong>
        </Label>
        {Number(order.refunded) !== 0 && <Label name={t("order.refunded")}>{money(order.refunded)}</Label>}
        {order.margin !== undefined && <Label name={t("order.margin")}>{money(order.margin)}</Label>}
      </dl>
    </Card>
  );
}

/** More came back than was sold or paid: said on every document that has to do with it, with the way to the case. */
function OverReturned({ order }: { order: Order }) {
  const { t } = useTranslation();
  const may = useMay();
  const sold = order.lines.find((line) => line.over_returned > 0)?.return_of?.order_id ?? order.id;
  return (
    <p className="zx-card zx-over-note">
      <State tone="warn">{t("order.over_title")}</State>
      {may("review.read") && (
        <Link to="/reviews" search={{ id: sold }}>
          {t("order.over_open")}
        </Link>
      )}
    </p>
  );
}

function OrderBody({ order }: { order: Order }) {
  const { t } = useTranslation();
  return (
    <>
      <PageHead
        title={
          <>
            {t("order.title", { kind: textOr(`sale.kind.${order.kind}`, order.kind), number: order.number })}{" "}
            <SaleStatus status={order.status} />
          </>
        }
        sub={
          <>
            <Channel name={order.channel} place={order.store?.name} /> · {whenFull(order.at)}
          </>
        }
      />
      {order.over_returned && <OverReturned order={order} />}
      <div className="zx-order-page">
        <section className="zx-card zx-list">
          <Lines order={order} />
        </section>
        <div className="zx-column">
          <Sums order={order} />
          {order.states.length > 1 && (
            <Card title={t("order.states")}>
              <ol className="zx-states">
                {order.states.map((state) => (
                  <li key={state.status + state.at}>
                    <SaleStatus status={state.status} /> <Time at={state.at} />
                    {Number(state.refund) !== 0 && <Money value={state.refund} currency={order.currency} />}
                  </li>
                ))}
              </ol>
            </Card>
          )}
          {order.returns.length > 0 && (
            <Card title={t("order.returns")}>
              {order.returns.map((document) => (
                <p key={document.id} className="zx-return">
                  <Link to="/orders/$id" params={{ id: document.id }} className="zx-num">
                    {document.number}
                  </Link>
                  <Channel name={document.channel} place={document.store} />
                  {document.over_returned > 0 && (
                    <State tone="warn">{t("order.over_returned", { n: count(document.over_returned) })}</State>
                  )}
                  <Money value={document.total} currency={order.currency} />
                </p>
              ))}
            </Card>
          )}
          <Card title={t("order.customer")}>
            {order.customer_id && (order.member || order.channel !== "store") ? (
              <Link to="/customers/$id" params={{ id: order.customer_id }}>
                {order.customer ? <CustomerName row={order.customer} /> : t("order.open_customer")}
              </Link>
            ) : (
              t("order.walk_in")
            )}
            {order.staff.length > 0 && (
              <dl>
                <Label name={t("order.staff")}>
                  {inRow(
                    order.staff.map((who) => t("order.share", { no: who.no, share: Number.parseFloat(who.share) })),
                  )}
                </Label>
              </dl>
            )}
          </Card>
        </div>
      </div>
    </>
  );
}

export function OrderPage() {
  const { id } = useParams({ from: "/shell/orders/$id" });
  const query = useQuery({
    queryKey: ["order", id],
    queryFn: () => body(api.GET("/api/v1/orders/{id}", { params: { path: { id } } })),
  });
  return (
    <Loaded query={query} rows={8}>
      {(order) => <OrderBody order={order} />}
    </Loaded>
  );
}
