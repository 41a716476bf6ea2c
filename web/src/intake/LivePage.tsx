// Events as they arrive, accepted or not, and why. Pausing keeps what comes meanwhile.
import { CaretRightOutlined, PauseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Segmented, Select } from "antd";
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStream, useStreamState } from "../api/stream";
import type { LiveEvent } from "../api/types";
import { textOr } from "../app/i18n";
import { useUrl } from "../app/url";
import { State, type Tone } from "../ui/Bits";
import { whenFull } from "../ui/format";
import { PageHead } from "../ui/PageHead";
import { Empty, Loaded } from "../ui/States";
import "./intake.css";
import { recentQuery } from "./queries";
import { reasonText } from "./reason";

const kept = 300;
const tones: Record<LiveEvent["status"], Tone> = {
  accepted: "ok",
  duplicate: "plain",
  updated: "ok",
  conflict: "danger",
  refused: "danger",
};

interface Line {
  key: number;
  event: LiveEvent;
}

/** What has come so far, newest first; while paused it waits aside. `first` may be read again, and hold what no stream brought. */
function useFeed(first: LiveEvent[], aside: RefObject<LiveEvent[]>, paused: boolean): { lines: Line[]; waiting: number } {
  const serial = useRef(0);
  const wrap = (event: LiveEvent): Line => {
    serial.current += 1;
    return { key: serial.current, event };
  };
  const [lines, setLines] = useState<Line[]>(() => [...first].reverse().map(wrap).reverse());
  const [waiting, setWaiting] = useState(0);
  const drawn = useRef(lines);
  drawn.current = lines;
  useLayoutEffect(() => {
    const known = new Set(drawn.current.map((line) => JSON.stringify(line.event)));
    const fresh = [...[...first].reverse(), ...aside.current].filter((event) => {
      const text = JSON.stringify(event);
      return !known.has(text) && known.add(text);
    });
    aside.current.splice(0, aside.current.length, ...fresh);
  }, [first, aside]);
  useEffect(() => {
    // Many events a second become one drawing each 200 ms.
    const timer = window.setInterval(() => {
      if (paused) {
        setWaiting(aside.current.length);
        return;
      }
      const come = aside.current.splice(0);
      if (come.length) {
        const wrapped = come.slice(-kept).map((event) => {
          serial.current += 1;
          return { key: serial.current, event };
        });
        setLines((now) => [...wrapped.reverse(), ...now].slice(0, kept));
      }
    }, 200);
    return () => window.clearInterval(timer);
  }, [aside, paused]);
  return { lines, waiting };
}

function EventLine({ event }: { event: LiveEvent }) {
  const { t } = useTranslation();
  return (
    <tr className={`zx-live-${event.status}`}>
      <td className="zx-num">
        <time dateTime={event.at} title={whenFull(event.at)}>
          {whenFull(event.at).slice(11, 19)}
        </time>
      </td>
      <td>{event.source}</td>
      <td>
        <code>{event.type}</code>
      </td>
      <td className="zx-live-name">{textOr(`event.${event.name}`, event.name)}</td>
      <td>
        {event.customer_id ? (
          <Link to="/customers/$id" params={{ id: event.customer_id }}>
            {t("live.customer")}
          </Link>
        ) : (
          <span className="zx-masked zx-num">
            {event.subject ? `${t("live.visitor")} ${String(event.subject).slice(-6)}` : "–"}
          </span>
        )}
      </td>
      <td>
        <State tone={tones[event.status]}>{t(`live.status.${event.status}`)}</State>{" "}
        {event.reason && <span>{reasonText(event.reason)}</span>}
      </td>
    </tr>
  );
}

function Feed({ first, aside }: { first: LiveEvent[]; aside: RefObject<LiveEvent[]> }) {
  const { t } = useTranslation();
  const [paused, setPaused] = useState(false);
  const [{ status = "", source }, setUrl] = useUrl();
  const { lines, waiting } = useFeed(first, aside, paused);
  const sources = [...new Set(lines.map((line) => line.event.source))].sort();
  const shown = lines.filter(
    ({ event }) => (!status || event.status === status) && (!source || event.source === source),
  );
  return (
    <section className="zx-card zx-list">
      <div className="zx-toolbar">
        <Segmented
          aria-label={t("live.status")}
          value={status}
          onChange={(value) => setUrl({ status: value || undefined })}
          options={[
            { value: "", label: t("common.all") },
            ...(["accepted", "duplicate", "refused"] as const).map((value) => ({
              value,
              label: t(`live.status.${value}`),
            })),
          ]}
        />
        <Select
          allowClear
          aria-label={t("live.source")}
          placeholder={t("live.source")}
          value={source}
          onChange={(value?: string) => setUrl({ source: value })}
          options={sources.map((value) => ({ value, label: value }))}
          popupMatchSelectWidth={false}
        />
        <div className="zx-right">
          <Button icon={paused ? <CaretRightOutlined /> : <PauseOutlined />} onClick={() => setPaused(!paused)}>
            {paused ? t("live.resume", { count: waiting }) : t("live.pause")}
          </Button>
        </div>
      </div>
      {shown.length ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section className="zx-live-scroll" tabIndex={0} aria-label={t("nav.live")}>
          <table className="zx-live" aria-label={t("nav.live")}>
            <thead>
              <tr>
                <th scope="col">{t("live.at")}</th>
                <th scope="col">{t("live.source")}</th>
                <th scope="col">{t("live.type")}</th>
                <th scope="col">{t("live.name")}</th>
                <th scope="col">{t("live.who")}</th>
                <th scope="col">{t("live.status")}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((line) => (
                <EventLine key={line.key} event={line.event} />
              ))}
            </tbody>
          </table>
        </section>
      ) : (
        <Empty title={t("live.none")} text={t("live.none_text")} />
      )}
    </section>
  );
}

export function LivePage() {
  const { t } = useTranslation();
  const query = useQuery(recentQuery);
  const stream = useStreamState();
  const aside = useRef<LiveEvent[]>([]); // from the first moment on, also while the list is read
  useStream<LiveEvent>("live", (event) => {
    aside.current.push(event);
  });
  return (
    <>
      <PageHead
        title={t("nav.live")}
        sub={t("live.sub")}
        acts={
          <State tone={stream === "open" ? "ok" : "warn"}>
            <span className={`zx-pulse ${stream === "open" ? "zx-pulse-on" : ""}`} aria-hidden="true" />
            {t(stream === "open" ? "live.connected" : "live.waiting")}
          </State>
        }
      />
      <Loaded query={query} rows={10}>
        {({ items }) => <Feed first={items} aside={aside} />}
      </Loaded>
    </>
  );
}
