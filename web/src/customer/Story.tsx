// 故事: one timeline of shop and web, by day, without end. What arrives while one reads is announced, never inserted
// under the eyes.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Customer, TimelineItem } from "../api/types";
import { useUrl } from "../app/url";
import { dayTitle } from "../ui/format";
import { Empty, Failed } from "../ui/States";
import { readStory, type StoryFilter } from "./queries";
import { StoryFilters } from "./StoryFilters";
import { StoryItem } from "./StoryItem";
import "./story.css";
import { byDay, itemKey } from "./story";

interface StoryPage {
  items: TimelineItem[];
}

/** How many items arrived since the list was read; asks the first page again whenever the person moved. By what is there, not by
 * time: a till's day file brings this morning's receipts tonight. */
function useArrived(customer: Customer, filter: StoryFilter, pages: StoryPage[] | undefined, moves: number): number {
  const [arrived, setArrived] = useState(0);
  const read = useRef(pages);
  read.current = pages;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a move is the reason to ask
  useEffect(() => {
    if (!moves || filter.until) return;
    let timer = 0;
    let over = false;
    // What she does on the web reaches her story a moment after it was taken: asked again, later each time.
    const ask = (wait_ms: number) => {
      timer = window.setTimeout(async () => {
        const first = await readStory(customer.id, filter).catch(() => null);
        if (over) return;
        const known = new Set(read.current?.flatMap((page) => page.items.map(itemKey)));
        const fresh = first?.items.filter((item) => !known.has(itemKey(item))).length ?? 0;
        if (first) setArrived(fresh);
        if (!fresh && wait_ms < 20000) ask(3 * wait_ms);
      }, wait_ms);
    };
    ask(300);
    return () => {
      over = true;
      window.clearTimeout(timer);
    };
  }, [moves]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a first page that was read anew holds all of it
  useEffect(() => setArrived(0), [pages?.[0]]);
  return arrived;
}

function useEnd(onEnd: () => void): React.RefObject<HTMLDivElement | null> {
  const end = useRef<HTMLDivElement>(null);
  const newest = useRef(onEnd);
  newest.current = onEnd;
  useEffect(() => {
    if (!end.current) return;
    const watcher = new IntersectionObserver(([entry]) => entry?.isIntersecting && newest.current(), {
      rootMargin: "400px",
    });
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, []);
  return end;
}

export function Story({ customer, moves }: { customer: Customer; moves: number }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [{ kind, channel, until }, setUrl] = useUrl();
  const filter: StoryFilter = { kind, channel, until };
  const key = ["customer", customer.id, "timeline", filter];
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => readStory(customer.id, filter, pageParam || undefined),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    staleTime: 60000,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const arrived = useArrived(customer, filter, query.data?.pages, moves);
  const end = useEnd(() => {
    if (query.hasNextPage && !query.isFetching) query.fetchNextPage();
  });
  const showNew = () => client.resetQueries({ queryKey: key });
  const filtered = !!(kind || channel || until);
  return (
    <div className="zx-story">
      <StoryFilters />
      <div aria-live="polite">
        {(arrived > 0 || (moves > 0 && !items.length)) && (
          <Button block className="zx-arrived" onClick={showNew}>
            {t("story.arrived", { count: arrived || 1 })}
          </Button>
        )}
      </div>
      {query.error && !items.length && <Failed error={query.error} onRetry={() => query.refetch()} />}
      {query.isPending && <Skeleton active title={false} paragraph={{ rows: 8 }} className="zx-skeleton" />}
      {query.isSuccess && !items.length && (
        <Empty
          title={t(filtered ? "story.none_filtered" : "story.none")}
          text={t(filtered ? "story.none_filtered_text" : "story.none_text")}
          action={
            filtered && (
              <Button onClick={() => setUrl({ kind: undefined, channel: undefined, until: undefined })}>
                {t("common.clear")}
              </Button>
            )
          }
        />
      )}
      {byDay(items).map((day) => (
        <section key={day.day} className="zx-day">
          <h3>
            {dayTitle(day.day)}
            <span>{t("story.count", { count: day.items.length })}</span>
          </h3>
          <ol>
            {day.items.map(({ key, item }) => (
              <StoryItem key={key} item={item} />
            ))}
          </ol>
        </section>
      ))}
      <div ref={end} />
      {query.isFetchingNextPage && <Skeleton active title={false} paragraph={{ rows: 3 }} className="zx-skeleton" />}
      {query.hasNextPage && !query.isFetchingNextPage && (
        <Button block type="text" onClick={() => query.fetchNextPage()}>
          {t("story.more")}
        </Button>
      )}
      {items.length > 0 && !query.hasNextPage && <p className="zx-story-end">{t("story.end")}</p>}
    </div>
  );
}
