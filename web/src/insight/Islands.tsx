// 孤岛 / 打通: the same data counted as two islands and as one. This sentence is why the retailer bought it.
import { Segmented } from "antd";
import { Trans, useTranslation } from "react-i18next";
import type { Overview } from "../api/types";
import { useUrl } from "../app/url";
import { count, percent } from "../ui/format";
import { venn } from "./venn";

const size = 78;

function Discs({ islands, joined }: { islands: Overview["islands"]; joined: boolean }) {
  const { t } = useTranslation();
  const { separate } = islands;
  const both = islands.joined.both;
  const shape = venn(separate.web_customers, separate.store_customers, both, size);
  const apart = joined ? shape.apart : shape.left + shape.right + 18;
  const middle = 190;
  const whole = shape.left + apart + shape.right;
  const webX = middle - whole / 2 + shape.left;
  const storeX = webX + apart;
  const labelWeb = joined ? webX - (shape.left - (shape.left + shape.right - apart) / 2) * 0.28 : webX;
  const labelStore = joined ? storeX + (shape.right - (shape.left + shape.right - apart) / 2) * 0.28 : storeX;
  return (
    <svg viewBox="0 0 380 180" className="zx-discs" aria-hidden="true">
      <circle r={shape.left} cy={90} className="zx-disc-web" style={{ transform: `translateX(${webX}px)` }} />
      <circle r={shape.right} cy={90} className="zx-disc-store" style={{ transform: `translateX(${storeX}px)` }} />
      <g style={{ transform: `translateX(${labelWeb}px)` }}>
        <text y={84}>{t("channel.web")}</text>
        <text y={106} className="zx-disc-count">
          {count(separate.web_customers)}
        </text>
      </g>
      <g style={{ transform: `translateX(${labelStore}px)` }}>
        <text y={84}>{t("channel.store")}</text>
        <text y={106} className="zx-disc-count">
          {count(separate.store_customers)}
        </text>
      </g>
    </svg>
  );
}

export function Islands({ islands }: { islands: Overview["islands"] }) {
  const { t } = useTranslation();
  const [{ islands: view }, setUrl] = useUrl();
  const joined = view !== "separate";
  const margin = islands.joined.both_margin_share_percent;
  const figures = {
    customers: count(islands.separate.customers),
    web: count(islands.separate.web_customers),
    store: count(islands.separate.store_customers),
    people: count(islands.joined.people),
    both: count(islands.joined.both),
    share: percent(margin ?? islands.joined.both_sales_share_percent, 0),
  };
  const key = joined ? (margin === undefined ? "islands.joined_sales" : "islands.joined_margin") : "islands.separate";
  return (
    <section className="zx-card zx-islands" aria-label={t("islands.title")}>
      <Discs islands={islands} joined={joined} />
      <div className="zx-islands-words">
        <Segmented
          aria-label={t("islands.title")}
          value={joined ? "joined" : "separate"}
          onChange={(value) => setUrl({ islands: value === "separate" ? "separate" : undefined })}
          options={[
            { value: "separate", label: t("islands.separate_label") },
            { value: "joined", label: t("islands.joined_label") },
          ]}
        />
        <p aria-live="polite">
          <Trans i18nKey={key} values={figures} components={{ b: <b className="zx-num" /> }} />
        </p>
        <small>{t(joined ? "islands.joined_note" : "islands.separate_note")}</small>
      </div>
    </section>
  );
}
