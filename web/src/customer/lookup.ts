// What was asked in the one field, kept in memory between the top bar and the page of answers. It never stands in an
// address, so neither history nor logs know whom someone looked for.
import { useSyncExternalStore } from "react";

let asked: { text: string; at: number } | null = null;
const listeners = new Set<() => void>();

export function askLookup(text: string): void {
  asked = { text, at: Date.now() };
  for (const listener of listeners) listener();
}

export function useAsked(): typeof asked {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
}
