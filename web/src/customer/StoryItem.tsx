// One line of the story: time, channel and place, what happened, how much; its detail on demand.
import { DownOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import dayjs from "dayjs";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TimelineItem } from "../api/types";
import { textOr } from "../app/i18n";
import { Channel, Money } from "../ui/Bits";
import { whenFull } from "../ui/format";

function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, v]) => `${textOr(`property.${key}`, key)} ${shown(v)}`)
      .join(" · ");
  }
  return String(value);
}

/** An event says what it was and of which thing; a document says its kind and number. */
function Title({ item }: { item: TimelineItem }) {
  if (item.kind === "web") {
    const thing = typeof item.detail?.name === "string" ? item.detail.name : "";
    return (
      <>
        <span className="zx-story-kind">{textOr(`event.${item.title}`, item.title)}</span> {thing}
      </>
    );
  }
  return (
    <>
      <span className="zx-story-kind">{textOr(`story.kind.${item.kind}`, item.kind)}</span>{" "}
      {textOr(`event.${item.title}`, item.title)}
    </>
  );
}

export function StoryItem({ item }: { item: TimelineItem }) {
  const { t } = useTranslation();
  const id = useId();
  const [open, setOpen] = useState(false);
  const detail = Object.entries(item.detail ?? {}).filter(([, v]) => v !== null && v !== "" && v !== undefined);
  const line = (
    <>
      <Tooltip title={whenFull(item.at)}>
        <time className="zx-num" dateTime={item.at}>
          {dayjs(item.at).format("HH:mm")}
        </time>
      </Tooltip>
      <span className="zx-story-where">
        <Channel name={item.channel} place={item.place} />
      </span>
      <span className="zx-story-what">
        <Title item={item} />
        {item.repeat > 1 && <span className="zx-repeat">×{item.repeat}</span>}
      </span>
      <span className="zx-story-amount">{item.amount !== null && <Money value={item.amount} />}</span>
    </>
  );
  if (!detail.length) {
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
        <dl id={id} className="zx-story-detail">
          {detail.map(([key, value]) => (
            <div key={key}>
              <dt>{textOr(`property.${key}`, key)}</dt>
              <dd>{shown(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
