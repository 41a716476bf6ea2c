// Small words of the interface that repeat: amounts, times, channels, labels with a value.
import { GlobalOutlined, ShopOutlined, WechatOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { textOr } from "../app/i18n";
import "./bits.css";
import { money, when, whenFull } from "./format";

export function Money({ value, currency }: { value: string | number | null | undefined; currency?: string }) {
  return <span className="zx-num">{money(value, currency)}</span>;
}

export function Time({ at }: { at: string | null | undefined }) {
  if (!at) return <span className="zx-num">–</span>;
  return (
    <Tooltip title={whenFull(at)}>
      <time className="zx-num" dateTime={at}>
        {when(at)}
      </time>
    </Tooltip>
  );
}

const channelIcons: Record<string, ReactNode> = {
  web: <GlobalOutlined aria-hidden />,
  store: <ShopOutlined aria-hidden />,
  wechat: <WechatOutlined aria-hidden />,
};

export function Channel({ name, place }: { name: string; place?: string }) {
  return (
    <span className={`zx-channel zx-channel-${name}`}>
      {channelIcons[name] ?? null}
      {place || textOr(`channel.${name}`, name)}
    </span>
  );
}

export type Tone = "plain" | "ok" | "warn" | "danger";

/** A state as a word; its tone is only a help. */
export function State({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`zx-state zx-state-${tone}`}>{children}</span>;
}

export function Label({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="zx-label">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Card({
  title,
  extra,
  children,
  flush,
  className,
}: {
  title?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
}) {
  return (
    <section className={`zx-card ${flush ? "zx-card-flush" : ""} ${className ?? ""}`}>
      {(title || extra) && (
        <header>
          {title && <h2>{title}</h2>}
          {extra && <div className="zx-card-extra">{extra}</div>}
        </header>
      )}
      <div className="zx-card-body">{children}</div>
    </section>
  );
}

export function Key({ children }: { children: ReactNode }) {
  return <kbd className="zx-key">{children}</kbd>;
}
