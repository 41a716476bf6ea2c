// What the console asks about the catalogue.
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export const storesQuery = queryOptions({
  queryKey: ["stores"],
  queryFn: () => body(api.GET("/api/v1/stores", { params: { query: { limit: 200 } } })),
  staleTime: 300000,
});

export const styleQuery = (id: string) =>
  queryOptions({
    queryKey: ["style", id],
    queryFn: () => body(api.GET("/api/v1/styles/{id}", { params: { path: { id } } })),
  });
