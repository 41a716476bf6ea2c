// Shapes of the story that do not depend on the page.
import dayjs from "dayjs";
import type { TimelineItem } from "../api/types";

export const storyKinds = [
  "web",
  "receipt",
  "order",
  "return",
  "service",
  "note",
  "consent",
  "change",
  "merge",
] as const;
export const storyChannels = ["store", "web", "wechat"] as const;

export function itemKey(item: TimelineItem): string {
  return `${item.id}|${item.kind}`;
}

export interface StoryDay {
  day: string;
  items: { key: string; item: TimelineItem }[];
}

/** Groups neighbours of the same local day; the order of the server is kept. */
export function byDay(items: TimelineItem[]): StoryDay[] {
  const days: StoryDay[] = [];
  const seen = new Map<string, number>();
  for (const item of items) {
    const day = dayjs(item.at).format("YYYY-MM-DD");
    const again = seen.get(itemKey(item)) ?? 0;
    seen.set(itemKey(item), again + 1);
    const entry = { key: `${itemKey(item)}|${again}`, item };
    const last = days.at(-1);
    if (last?.day === day) last.items.push(entry);
    else days.push({ day, items: [entry] });
  }
  return days;
}
