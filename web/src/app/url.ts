// Address = state. Filters, sort, tab and period of a page stand in the URL as plain words; search text about people
// never does.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type Search = Record<string, string | undefined>;

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text && `?${text}`;
}

export type SetUrl = (change: Search, how?: { push?: boolean }) => void;

/** The page's search parameters and how to change some of them. */
export function useUrl(): [Search, SetUrl] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const set = useCallback<SetUrl>(
    (change, how) => {
      navigate({
        to: ".",
        search: ((before: Search) => ({ ...before, ...change })) as never,
        replace: !how?.push,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [search, set];
}
