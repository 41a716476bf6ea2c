// One line of the story: time, channel and place, what happened, how much; its detail on demand.
import { DownOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Tooltip } from "antd";
import dayjs from "dayjs";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TimelineItem } from "../api/types";
import { textOr } from "../app/i18n";
import { SaleStatus } from "../sales/SaleWords";
import { Channel, Money } from "../ui/Bits";
import { inRow, whenFull } from "../ui/format";

type Detail = Record<string, unknown>;

interface SoldLine {
  sku?: string;
  name?: string;
  quantity?: number;
  paid?: string;
}

function text(detail: Detail, key: string): string {
  return typeof detail[key] === "string" ? (detail[key] as string) : "";
}

function linesOf(detail: Detail): SoldLine[] {
  return Array.isArray(detail.lines) ? (detail.lines as SoldLine[]) : [];
}

function goods(detail: Detail): string {
  const lines = linesOf(detail);
  const names = lines.slice(0, 2).map((line) => line.name || line.sku);
  return inRow(names.map(String)) + (lines.length > 2 ? ` +${lines.length - 2}` : "");
}

/** Page views say which page, product events which product, the rest speaks for itself. */
function webWords(item: TimelineItem, detail: Detail): [string, string] {
  const type = text(detail, "type");
  const category = text(detail, "category").split("/").at(-1) ?? "";
  const product = [text(detail, "product_name") || category, text(detail, "product")].filter(Boolean).join(" ");
  if (type === "page" || type === "screen") return [textOr("event.page", "Page"), item.title || text(detail, "path")];
  if (type === "identify" || !item.title) return [textOr(`event.${type || "identify"}`, type), ""];
  return [textOr(`event.${item.title}`, item.title), product || text(detail, "query")];
}

/** What happened in a few words: an event and its thing, a document and its goods, a changed field, a decision. */
function words(item: TimelineItem, detail: Detail): [string, string] {
  const kind = textOr(`story.kind.${item.kind}`, item.kind);
  if (item.kind === "web") return webWords(item, detail);
  if (item.kind === "merge") return [kind, textOr(`evidence.rule.${item.title}`, item.title)];
  if (item.kind === "change") return [kind, textOr(`customer.${text(detail, "field")}`, text(detail, "field"))];
  if (item.kind === "consent") {
    const purpose = text(detail, "purpose");
    const channel = text(detail, "channel");
    return [
      textOr(`consent.status.${item.title}`, item.title),
      `${textOr(`consent.purpose.${purpose}`, purpose)} · ${textOr(`channel.${channel}`, channel)}`,
    ];
  }
  const name = goods(detail);
  return [kind, [item.title, name].filter(Boolean).join(" · ")];
}

function shown(key: string, value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return inRow(value.map((v) => shown(key, v)));
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([k, v]) => `${textOr(`property.${k}`, k)} ${shown(k, v)}`)
      .join(" · ");
  }
  return textOr(`${key}.${value}`, String(value));
}

const ownRows = new Set(["lines", "order_id", "document", "status", "currency", "joined", "name", "type"]);

function DetailRows({ detail }: { detail: Detail }) {
  const { t } = useTranslation();
  const currency = text(detail, "currency") || "CNY";
  const orderId = text(detail, "order_id");
  const rest = Object.entries(detail).filter(([key, v]) => !ownRows.has(key) && v !== null && v !== "");
  return (
    <>
      {linesOf(detail).map((line) => (
        <div key={`${line.sku}${line.paid}`} className="zx-story-goods">
          <span>
            {line.name || line.sku} <span className="zx-masked">×{line.quantity}</span>
          </span>
          <Money value={line.paid} currency={currency} />
        </div>
      ))}
      {rest.map(([key, value]) => (
        <div key={key}>
          <span className="zx-story-key">{textOr(`property.${key}`, key)}</span>
          <span>{shown(key, value)}</span>
        </div>
      ))}
      {orderId && (
        <div>
          <SaleStatus status={text(detail, "status")} />
          <Link to="/orders/$id" params={{ id: orderId }}>
            {t("story.open_order")}
          </Link>
        </div>
      )}
    </>
  );
}

export function StoryItem({ item }: { item: TimelineItem }) {
  const { t } = useTranslation();
  const id = useId();
  const [open, setOpen] = useState(false);
  const detail: Detail = item.detail ?? {};
  const [what, which] = words(item, detail);
  const line = (
    <>
      <Tooltip title={whenFull(item.at)}>
        <time className="zx-num" dateTime={item.at}>
          {dayjs(item.at).format("HH:mm")}
        </time>
      </Tooltip>
      <span className="zx-story-where">
        {item.channel ? <Channel name={item.channel} place={item.place} /> : item.by || t("channel.system")}
      </span>
      <span className="zx-story-what">
        <span className="zx-story-kind">{what}</span> {which}
        {item.repeat > 1 && <span className="zx-repeat">×{item.repeat}</span>}
      </span>
      <span className="zx-story-amount">
        {item.amount !== null && <Money value={item.amount} currency={text(detail, "currency") || "CNY"} />}
      </span>
    </>
  );
  if (!Object.keys(detail).length) {
    return (
      <li className={`zx-story-item zx-story-${item.kind}`}>
        <div className="zx-story-line">{line}</div>
      </li>
    );
  }
  return (
    <li className={`zx-story-item zx-story-${item.kind}`}>
      <button
        type="button"
        className="zx-story-line"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {line}
        <DownOutlined className={open ? "zx-turned" : ""} aria-label={t("story.detail")} />
      </button>
      {open && (
        <div id={id} className="zx-story-detail">
          <DetailRows detail={detail} />
        </div>
      )}
    </li>
  );
}
