// What the console asks about customers.
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { CustomerRow, List } from "../api/types";
import type { Search } from "../app/url";

export const pageSize = 50;

export interface ListFilter extends Search {
  sort?: string;
  store?: string;
  tag?: string;
  class?: string;
}

/** The list; with search text it goes by POST, so that no name stands in an address. */
export function listCustomers(q: string, filter: ListFilter, after?: string): Promise<List<CustomerRow>> {
  const { sort, store, tag, class: klass } = filter;
  const query = { sort, store, tag, class: klass, after, limit: pageSize };
  if (!q) return body(api.GET("/api/v1/customers", { params: { query } }));
  const given = Object.entries({ q, ...query }).filter((entry) => entry[1] !== undefined && entry[1] !== "");
  return body(api.POST("/api/v1/customers/search", { body: Object.fromEntries(given) as Record<string, string> }));
}

export const customerQuery = (id: string) =>
  queryOptions({
    queryKey: ["customer", id, "record"],
    queryFn: () => body(api.GET("/api/v1/customers/{id}", { params: { path: { id } } })),
  });

export const evidenceQuery = (id: string, iid: string) =>
  queryOptions({
    queryKey: ["customer", id, "evidence", iid],
    queryFn: () => body(api.GET("/api/v1/customers/{id}/identifiers/{iid}", { params: { path: { id, iid } } })),
  });

export interface StoryFilter {
  kind?: string;
  channel?: string;
  until?: string;
}

export function readStory(id: string, filter: StoryFilter, after?: string, limit = 50) {
  return body(
    api.GET("/api/v1/customers/{id}/timeline", {
      params: { path: { id }, query: { ...filter, after, limit } },
    }),
  );
}

export const changesQuery = (id: string) =>
  queryOptions({
    queryKey: ["customer", id, "changes"],
    queryFn: () => body(api.GET("/api/v1/customers/{id}/changes", { params: { path: { id } } })),
  });

export const customerOrdersQuery = (id: string, after?: string) =>
  queryOptions({
    queryKey: ["customer", id, "orders", after ?? ""],
    queryFn: () =>
      body(api.GET("/api/v1/customers/{id}/orders", { params: { path: { id }, query: { after, limit: 50 } } })),
  });

/** The last three purchases: what came back is none. */
export const lastPurchasesQuery = (id: string) =>
  queryOptions({
    queryKey: ["customer", id, "orders", "purchases"],
    queryFn: () =>
      body(api.GET("/api/v1/customers/{id}/orders", { params: { path: { id }, query: { kind: "purchase", limit: 3 } } })),
  });
