// Keyboard: single letters that work while no field has the focus, and g-then-letter to go to a place. Pages add theirs;
// the sheet behind ? lists what works now.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { isComposing } from "./ime";

export interface Hotkey {
  keys: string;
  text: string;
  run: (event: KeyboardEvent) => void;
}

let active: Hotkey[] = [];
const listeners = new Set<() => void>();
let prefix = 0;
let after = "";

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input, textarea, select, [contenteditable=true], [role=combobox], .ant-picker");
}

function onKey(event: KeyboardEvent): void {
  if (isComposing(event) || event.defaultPrevented) return;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!command && (typing(event.target) || event.altKey)) return;
  if (document.querySelector(".ant-modal-wrap:not([style*='display: none'])") && !command) return;
  const now = Date.now();
  const chord = prefix && now - prefix < 1200 ? `${after} ${key}` : "";
  prefix = 0;
  const wanted = command ? [`ctrl+${key}`] : [chord, key].filter(Boolean);
  const hotkey = wanted.map((keys) => active.findLast((h) => h.keys === keys)).find(Boolean);
  if (hotkey) {
    event.preventDefault();
    hotkey.run(event);
  } else if (!command && active.some((h) => h.keys.startsWith(`${key} `))) {
    prefix = now;
    after = key;
  }
}

window.addEventListener("keydown", onKey);

function change(next: Hotkey[]): void {
  active = next;
  for (const listener of listeners) listener();
}

/** Offers keys while the component stands. `name` groups them; new closures are taken each time. */
export function useHotkeys(keys: Hotkey[]): void {
  const newest = useRef(keys);
  newest.current = keys;
  const signature = keys.map((k) => `${k.keys}:${k.text}`).join("|");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the keys
  useEffect(() => {
    const mine = newest.current.map((key, i) => ({ ...key, run: (e: KeyboardEvent) => newest.current[i]?.run(e) }));
    change([...active, ...mine]);
    return () => change(active.filter((key) => !mine.includes(key)));
  }, [signature]);
}

export function useActiveHotkeys(): Hotkey[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => active,
  );
}
