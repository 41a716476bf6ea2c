// What the overview asks, and the filter that all its parts share and that stands in the address.
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { type Search, useUrl } from "../app/url";
import { type Days, lastDays } from "../ui/Period";

export const comparisons = ["weekday", "previous", "year", "year_weekday", "year_lunar"] as const;
export type Comparison = (typeof comparisons)[number];

export interface Filter extends Search {
  from: string;
  to: string;
  compare: string;
  channel?: string;
  store?: string;
  category?: string;
}

export function useFilter(): Filter {
  const [{ from, to, compare = "weekday", channel, store, category }] = useUrl();
  const days: Days = from && to ? { from, to } : lastDays(30);
  return { ...days, compare, channel, store, category };
}

export function filterText(filter: Filter): string {
  const given = Object.entries(filter).filter((entry): entry is [string, string] => !!entry[1]);
  return new URLSearchParams(given).toString();
}

const stale = { staleTime: 5000 };

export const overviewQuery = (query: Filter) =>
  queryOptions({
    queryKey: ["overview", "tiles", query],
    queryFn: () => body(api.GET("/api/v1/overview", { params: { query } })),
    ...stale,
  });

export const dailyQuery = (query: Filter) =>
  queryOptions({
    queryKey: ["overview", "daily", query],
    queryFn: () => body(api.GET("/api/v1/overview/daily", { params: { query } })),
    ...stale,
  });

export const funnelQuery = (query: Filter) =>
  queryOptions({
    queryKey: ["overview", "funnel", query],
    queryFn: () => body(api.GET("/api/v1/overview/funnel", { params: { query } })),
    ...stale,
  });

export const stylesQuery = (query: Filter) =>
  queryOptions({
    queryKey: ["overview", "styles", query],
    queryFn: () => body(api.GET("/api/v1/overview/styles", { params: { query: { ...query, limit: 200 } } })),
    ...stale,
  });

export const tourQuery = queryOptions({
  queryKey: ["tour"],
  queryFn: () => body(api.GET("/api/v1/tour")),
  staleTime: 3600000,
  retry: false,
});
