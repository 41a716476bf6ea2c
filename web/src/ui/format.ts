// Money, numbers and times as people read them. Money stays decimal text: it is never put through a double, but for
// the rounded figure of a tile.
import dayjs from "dayjs";
import i18next from "i18next";

const signs: Record<string, string> = { CNY: "¥", USD: "$", HKD: "HK$", TWD: "NT$", EUR: "€", GBP: "£", JPY: "¥" };

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** "1234.5" → "¥1,234.50" */
export function money(value: string | number | null | undefined, currency = "CNY"): string {
  if (value === null || value === undefined || value === "") return "–";
  const text = typeof value === "number" ? value.toFixed(2) : value;
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (!match) return text;
  const [, minus = "", whole = "", cents = ""] = match;
  return `${minus && "−"}${signs[currency] ?? `${currency} `}${group(whole)}.${cents.padEnd(2, "0").slice(0, 2)}`;
}

function inChinese(): boolean {
  return i18next.language !== "en";
}

/** A round figure for tiles: ¥128.6万 in Chinese, ¥1.29M in English. */
export function moneyShort(value: string | number, currency = "CNY"): string {
  const n = Number(value);
  const sign = signs[currency] ?? "";
  const minus = n < 0 ? "−" : "";
  const abs = Math.abs(n);
  const tw = i18next.language === "zh-TW";
  const units: [number, string][] = inChinese()
    ? [
        [1e8, tw ? "億" : "亿"],
        [1e4, tw ? "萬" : "万"],
      ]
    : [
        [1e9, "B"],
        [1e6, "M"],
        [1e3, "k"],
      ];
  for (const [size, unit] of units) {
    if (abs >= size * (unit === "k" ? 10 : 1)) {
      const scaled = abs / size;
      return `${minus}${sign}${scaled.toFixed(scaled >= 1000 ? 0 : scaled >= 100 ? 1 : 2)}${unit}`;
    }
  }
  return `${minus}${sign}${group(abs >= 1000 ? abs.toFixed(0) : "")}${abs >= 1000 ? "" : abs.toFixed(2)}`;
}

/** The same for the axis of a chart: no cents where there are none. */
export function moneyAxis(value: number): string {
  return moneyShort(value).replace(/\.(\d*?)0+(?=\D*$)/, (_, digits: string) => (digits ? `.${digits}` : ""));
}

export function count(value: number | string | null | undefined): string {
  if (value === null || value === undefined || value === "") return "–";
  const text = String(value);
  const [whole = "", part] = text.replace("-", "").split(".");
  return `${text.startsWith("-") ? "−" : ""}${group(whole)}${part ? `.${part}` : ""}`;
}

export function percent(value: number | string | null | undefined, digits = 1): string {
  if (value === null || value === undefined || value === "") return "–";
  return `${Number(value).toFixed(digits).replace("-", "−")}%`;
}

/** "14:02" today, "昨天 14:02", "3月1日 14:02" this year, the whole date before. */
export function when(iso: string | null | undefined): string {
  if (!iso) return "–";
  const at = dayjs(iso);
  const now = dayjs();
  if (at.isSame(now, "day")) return at.format("HH:mm");
  if (at.isSame(now.subtract(1, "day"), "day")) return `${i18next.t("time.yesterday")} ${at.format("HH:mm")}`;
  if (at.isSame(now, "year")) return at.format(inChinese() ? "M月D日 HH:mm" : "D MMM HH:mm");
  return at.format("YYYY-MM-DD HH:mm");
}

export function whenFull(iso: string): string {
  return dayjs(iso).format("YYYY-MM-DD HH:mm:ss (Z)");
}

export function day(iso: string | null | undefined): string {
  return iso ? dayjs(iso).format("YYYY-MM-DD") : "–";
}

/** The heading of a day in a story: 今天, 昨天, 3月1日 周日. */
export function dayTitle(iso: string): string {
  const at = dayjs(iso);
  const now = dayjs();
  if (at.isSame(now, "day")) return i18next.t("time.today");
  if (at.isSame(now.subtract(1, "day"), "day")) return i18next.t("time.yesterday");
  if (at.isSame(now, "year")) return at.format(inChinese() ? "M月D日 ddd" : "ddd D MMM");
  return at.format(inChinese() ? "YYYY年M月D日" : "D MMM YYYY");
}

/** How long ago a day was, in days. */
export function daysAgo(iso: string): number {
  return dayjs().startOf("day").diff(dayjs(iso).startOf("day"), "day");
}

/** Words in a row: 手机、会员卡 or phone, card. */
export function inRow(words: string[]): string {
  return words.filter(Boolean).join(inChinese() ? "、" : ", ");
}
