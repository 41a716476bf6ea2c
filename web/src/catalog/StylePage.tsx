// One style: its picture, what it is, and its SKUs by colour and size.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Sku, Style } from "../api/types";
import { useMay } from "../app/session";
import { Label, Money } from "../ui/Bits";
import { type Column, DataTable } from "../ui/DataTable";
import { day, daysAgo } from "../ui/format";
import { PageHead } from "../ui/PageHead";
import { Empty, Loaded } from "../ui/States";
import "./catalog.css";
import { Garment, PriceRange } from "./Garment";
import { styleQuery } from "./queries";

function Facts({ style }: { style: Style }) {
  const { t } = useTranslation();
  const finance = useMay()("finance.read");
  return (
    <section className="zx-card">
      <Garment image={style.image} name={style.name} />
      <dl className="zx-card-body">
        <Label name={t("style.style")}>{style.code}</Label>
        <Label name={t("style.category")}>{style.category || "–"}</Label>
        {style.brand && <Label name={t("style.brand")}>{style.brand}</Label>}
        <Label name={t("style.season")}>
          {[style.season, style.wave && `${t("style.wave")} ${style.wave}`].filter(Boolean).join(" · ") || "–"}
        </Label>
        <Label name={t("style.launch_day")}>
          {day(style.launch_day)}
          {style.launch_day && ` · ${t("style.days", { count: daysAgo(style.launch_day) })}`}
        </Label>
        <Label name={t("style.list_price")}>
          <PriceRange low={style.list_price_min} high={style.list_price_max} />
        </Label>
        {finance && (
          <>
            <Label name={t("style.floor_price")}>
              <Money value={style.floor_price_min} />
            </Label>
            <Label name={t("style.cost")}>
              <PriceRange low={style.cost_min} high={style.cost_max} />
            </Label>
          </>
        )}
      </dl>
    </section>
  );
}

export function StylePage() {
  const { t } = useTranslation();
  const finance = useMay()("finance.read");
  const { id } = useParams({ from: "/shell/catalogue/styles/$id" });
  const query = useQuery(styleQuery(id));
  const columns: Column<Sku>[] = [
    { key: "sku", title: "SKU", fixed: true, render: (sku) => <span className="zx-num">{sku.sku}</span> },
    { key: "color", title: t("style.color"), render: (sku) => sku.color },
    { key: "size", title: t("style.size"), render: (sku) => sku.size },
    {
      key: "barcode",
      title: t("style.barcode"),
      render: (sku) => <span className="zx-num">{sku.barcodes.join(" · ") || "–"}</span>,
    },
    { key: "list", title: t("style.list_price"), number: true, render: (sku) => <Money value={sku.list_price} /> },
    ...(finance
      ? [
          {
            key: "floor",
            title: t("style.floor_price"),
            number: true,
            render: (sku: Sku) => <Money value={sku.floor_price} />,
          },
          { key: "cost", title: t("style.cost"), number: true, render: (sku: Sku) => <Money value={sku.cost} /> },
        ]
      : []),
  ];
  return (
    <Loaded query={query} rows={8}>
      {(style) => (
        <>
          <PageHead title={style.name} sub={style.code} />
          <div className="zx-style-page">
            <Facts style={style} />
            <section className="zx-card zx-list">
              <DataTable
                id="skus"
                label="SKU"
                columns={columns}
                rows={style.skus}
                rowKey={(sku) => sku.id}
                empty={<Empty title={t("style.none")} />}
              />
            </section>
          </div>
        </>
      )}
    </Loaded>
  );
}
