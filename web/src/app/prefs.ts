// What a person chose on this device: theme, language, density, columns. Never personal data of customers.
import { useSyncExternalStore } from "react";
import type { Mode } from "./theme";

export type ThemeChoice = "system" | Mode;
export const languages = { "zh-CN": "简体中文", "zh-TW": "繁體中文", en: "English" } as const;
export type Language = keyof typeof languages;
export type Density = "small" | "middle" | "large";

export interface Prefs {
  theme: ThemeChoice;
  language: Language;
  density: Density;
  railFolded: boolean;
  columns: Record<string, string[]>;
  views: Record<string, { name: string; search: Record<string, string> }[]>;
}

const key = "zhixin.prefs";

function browserLanguage(): Language {
  for (const tag of navigator.languages) {
    if (/^zh\b.*(TW|HK|MO|Hant)/i.test(tag)) return "zh-TW";
    if (/^zh\b/i.test(tag)) return "zh-CN";
    if (/^en\b/i.test(tag)) return "en";
  }
  return "zh-CN";
}

function load(): Prefs {
  const fresh: Prefs = {
    theme: "system",
    language: browserLanguage(),
    density: "middle",
    railFolded: false,
    columns: {},
    views: {},
  };
  try {
    return { ...fresh, ...JSON.parse(localStorage.getItem(key) ?? "{}") };
  } catch {
    return fresh;
  }
}

let prefs = load();
const listeners = new Set<() => void>();

export function getPrefs(): Prefs {
  return prefs;
}

export function setPrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change };
  try {
    localStorage.setItem(key, JSON.stringify(prefs));
  } catch {
    // A full or forbidden storage only means that the choice lasts for this page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(subscribe, getPrefs);
}

function media(query: string) {
  const list = window.matchMedia(query);
  return {
    get: () => list.matches,
    subscribe: (listener: () => void) => {
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
  };
}

const darkMedia = media("(prefers-color-scheme: dark)");
const phoneMedia = media("(max-width: 767px)");
const stillMedia = media("(prefers-reduced-motion: reduce)");
const narrowMedia = media("(max-width: 1179px)");

export function useMode(): Mode {
  const system = useSyncExternalStore(darkMedia.subscribe, darkMedia.get);
  const { theme } = usePrefs();
  return theme === "system" ? (system ? "dark" : "light") : theme;
}

export function usePhone(): boolean {
  return useSyncExternalStore(phoneMedia.subscribe, phoneMedia.get);
}

/** Whether this person asked the system for less motion. */
export function useStill(): boolean {
  return useSyncExternalStore(stillMedia.subscribe, stillMedia.get);
}

export function useNarrow(): boolean {
  return useSyncExternalStore(narrowMedia.subscribe, narrowMedia.get);
}
