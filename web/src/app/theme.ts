// The one home of colours, type and sizes. Everything else reads the custom properties (--zx-…) or antd's tokens.
// The accent is for the one main action of a view and for nothing else; states are ink, never colour alone.
import { theme as antd, type ThemeConfig } from "antd";

export type Mode = "light" | "dark";

const light = {
  accent: "#0f5c5e",
  "accent-hover": "#157274",
  ink: "#24221e",
  text: "#24221e",
  "text-2": "#5a554c",
  "text-3": "#655f56",
  line: "#e3dfd7",
  "line-2": "#efece6",
  page: "#f6f4f0",
  card: "#ffffff",
  raised: "#ffffff",
  fill: "#f1eee8",
  "fill-2": "#e7e3da",
  danger: "#b3261e",
  warn: "#8a5300",
  "warn-fill": "#fdf3dc",
  ok: "#2f6b3c",
  "ok-fill": "#e8f2e8",
  heart: "#d5473c",
  "heart-fill": "#fbeceb",
  shadow: "0 1px 2px rgb(36 34 30 / 5%), 0 4px 16px rgb(36 34 30 / 4%)",
};

const dark: Record<keyof typeof light, string> = {
  accent: "#1f7f80",
  "accent-hover": "#248b8c",
  ink: "#ece8e0",
  text: "#ece8e0",
  "text-2": "#b9b2a6",
  "text-3": "#a8a196",
  line: "#383530",
  "line-2": "#2c2a26",
  page: "#161513",
  card: "#1f1d1b",
  raised: "#2a2825",
  fill: "#2a2825",
  "fill-2": "#36332e",
  danger: "#f0857c",
  warn: "#e3b062",
  "warn-fill": "#342a17",
  ok: "#86c08f",
  "ok-fill": "#1e2c20",
  heart: "#e2665c",
  "heart-fill": "#3a2220",
  shadow: "0 1px 2px rgb(0 0 0 / 30%), 0 4px 16px rgb(0 0 0 / 20%)",
};

const palettes = { light, dark };

/** Eight colours that stay apart for colour-blind eyes; the first two are the web shop and the stores everywhere. */
export const seriesColors: Record<Mode, string[]> = {
  light: ["#3f5f9e", "#c77d1e", "#7a4f9a", "#5f8f3e", "#b5485e", "#3d9bb8", "#8b8270", "#a5912c"],
  dark: ["#7f9bd4", "#dd9c45", "#b08bd0", "#93bd72", "#df8193", "#6dbdd6", "#aaa294", "#cdb95a"],
};

export const fontFamily =
  'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';
const fontFamilyTc =
  'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang TC", "Noto Sans CJK TC", "Microsoft JhengHei", sans-serif';

export function color(mode: Mode, name: keyof typeof light): string {
  return palettes[mode][name];
}

/** Puts the palette on the document, so that plain CSS can use it. */
export function applyPalette(mode: Mode, language: string): void {
  const style = document.documentElement.style;
  for (const [name, value] of Object.entries(palettes[mode])) style.setProperty(`--zx-${name}`, value);
  seriesColors[mode].forEach((value, i) => {
    style.setProperty(`--zx-series-${i + 1}`, value);
  });
  style.setProperty("--zx-font", language === "zh-TW" ? fontFamilyTc : fontFamily);
  style.colorScheme = mode;
  document.documentElement.dataset.theme = mode;
}

export function themeConfig(mode: Mode, touch: boolean, still: boolean): ThemeConfig {
  const p = palettes[mode];
  return {
    algorithm: mode === "dark" ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: mode === "dark" ? "#8d8579" : "#3b372f",
      colorInfo: mode === "dark" ? "#8d8579" : "#5a554c",
      colorLink: p.text,
      colorLinkHover: p["text-2"],
      colorError: p.danger,
      colorWarning: p.warn,
      colorSuccess: p.ok,
      colorText: p.text,
      colorTextSecondary: p["text-2"],
      colorTextTertiary: p["text-3"],
      colorTextDescription: p["text-3"],
      colorTextPlaceholder: p["text-3"],
      colorTextDisabled: p["text-3"],
      colorBgLayout: p.page,
      colorBgContainer: p.card,
      colorBgElevated: p.raised,
      colorBorder: mode === "dark" ? "#5c574f" : "#bfb9ae",
      colorBorderSecondary: p.line,
      colorSplit: p.line,
      colorFillAlter: p.fill,
      fontFamily: "var(--zx-font)",
      fontSize: 14,
      fontSizeHeading3: 20,
      fontSizeHeading4: 16,
      borderRadius: 6,
      controlHeight: touch ? 40 : 32,
      controlHeightSM: touch ? 36 : 26,
      motion: !still,
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.16s",
      wireframe: false,
    },
    components: {
      Alert: { colorInfoBg: p.fill, colorInfoBorder: p.line },
      Button: {
        colorPrimary: p.accent,
        colorPrimaryHover: p["accent-hover"],
        colorPrimaryActive: p.accent,
        primaryColor: "#ffffff",
        primaryShadow: "none",
        defaultShadow: "none",
        dangerShadow: "none",
      },
      Table: {
        headerBg: p.card,
        headerColor: p["text-2"],
        headerSplitColor: "transparent",
        headerSortActiveBg: p.card,
        headerSortHoverBg: p.fill,
        bodySortBg: "transparent",
        rowHoverBg: p.fill,
        rowSelectedBg: p.fill,
        rowSelectedHoverBg: p["fill-2"],
        borderColor: p["line-2"],
        cellPaddingBlock: 12,
        cellPaddingBlockMD: 8,
        cellPaddingBlockSM: 5,
        cellPaddingInlineSM: 10,
      },
      Tabs: { itemSelectedColor: p.text, itemHoverColor: p.text, inkBarColor: p.ink, itemColor: p["text-2"] },
      Segmented: { trackBg: p.fill, itemSelectedBg: p.raised, itemColor: p["text-2"], itemSelectedColor: p.text },
      Select: { optionSelectedBg: p.fill, optionActiveBg: p.fill },
      Modal: { titleFontSize: 16 },
      Tag: { defaultBg: p.fill, defaultColor: p["text-2"] },
      Tooltip: { colorBgSpotlight: mode === "dark" ? "#45413a" : "#2e2b26" },
      Progress: { defaultColor: mode === "dark" ? "#a89f92" : "#5a554c" },
      Pagination: { itemActiveColor: p.text, itemActiveBg: p.fill },
    },
  };
}
