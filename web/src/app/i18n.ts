// Texts come from i18n/ at the root, shared with the server; one language is loaded at a time. Keys are flat.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type zhCN from "../../../i18n/zh-CN.json";
import { getPrefs, type Language, setPrefs } from "./prefs";

declare module "i18next" {
  interface CustomTypeOptions {
    keySeparator: false;
    nsSeparator: false;
    returnNull: false;
    resources: { translation: typeof zhCN };
  }
}

export type TextKey = keyof typeof zhCN;

const load: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  "zh-CN": () => import("../../../i18n/zh-CN.json"),
  "zh-TW": () => import("../../../i18n/zh-TW.json"),
  en: () => import("../../../i18n/en.json"),
};

async function loadLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    const texts = await load[language]();
    i18next.addResourceBundle(language, "translation", texts.default);
  }
  document.documentElement.lang = language;
}

export async function startTexts(): Promise<void> {
  const { language } = getPrefs();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: {},
    react: { useSuspense: false },
  });
  await loadLanguage(language);
  await i18next.changeLanguage(language);
}

export async function changeLanguage(language: Language): Promise<void> {
  await loadLanguage(language);
  await i18next.changeLanguage(language);
  setPrefs({ language });
}

/** The ends of all keys that begin so: what there are texts for. */
export function textsUnder(prefix: string): string[] {
  const texts: Record<string, string> = i18next.getResourceBundle(i18next.language, "translation");
  return Object.keys(texts)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

/** A text by a key that is only known at run time, such as a status; the fallback when there is none. */
export function textOr(key: string, fallback: string): string {
  return i18next.exists(key) ? i18next.t(key as TextKey) : fallback;
}
