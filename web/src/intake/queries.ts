// What the console asks about data coming in.
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: () => body(api.GET("/api/v1/sources")),
});

export const recentQuery = queryOptions({
  queryKey: ["events", "recent"],
  queryFn: () => body(api.GET("/api/v1/events/recent")),
  staleTime: 0,
  gcTime: 0,
});
