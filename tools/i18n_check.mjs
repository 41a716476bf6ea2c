// Prints keys that one language has and another lacks.
import { readFileSync } from "node:fs";

const flat = (value, prefix = "") =>
  typeof value === "object" ? Object.entries(value).flatMap(([k, v]) => flat(v, prefix ? `${prefix}.${k}` : k)) : [prefix];
const languages = ["en", "zh-CN", "zh-TW"];
const keys = Object.fromEntries(languages.map((l) => [l, new Set(flat(JSON.parse(readFileSync(`i18n/${l}.json`, "utf8"))))]));
for (const a of languages)
  for (const b of languages)
    for (const key of keys[a]) if (!keys[b].has(key)) console.log(`${key} is in ${a} but not in ${b}`);
