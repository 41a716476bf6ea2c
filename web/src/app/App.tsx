// Providers around everything: texts, theme, queries, routes.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { App as AntdApp, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import zhTW from "antd/locale/zh_TW";
import dayjs from "dayjs";
import { useLayoutEffect, useMemo } from "react";
import { ApiError } from "../api/client";
import "dayjs/locale/zh-cn";
import "dayjs/locale/zh-tw";
import updateLocale from "dayjs/plugin/updateLocale";
import { Failsafe } from "./Failsafe";
import { useMode, usePhone, usePrefs, useStill } from "./prefs";
import { router } from "./router";
import { applyPalette, themeConfig } from "./theme";

dayjs.extend(updateLocale);
dayjs.updateLocale("en", { weekStart: 1 });

const locales = { "zh-CN": zhCN, "zh-TW": zhTW, en: enUS };

function worthRetry(count: number, error: unknown): boolean {
  return count < 2 && error instanceof ApiError && (error.status === 0 || error.status === 503);
}

const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 15000, retry: worthRetry, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
});

export function App() {
  const { language } = usePrefs();
  const mode = useMode();
  const phone = usePhone();
  const still = useStill();
  const theme = useMemo(() => themeConfig(mode, phone, still), [mode, phone, still]);
  useLayoutEffect(() => applyPalette(mode, language), [mode, language]);
  dayjs.locale(language === "en" ? "en" : language.toLowerCase());
  return (
    <ConfigProvider
      locale={locales[language]}
      theme={theme}
      button={{ autoInsertSpace: false }}
      form={{ requiredMark: "optional", colon: false }}
    >
      <AntdApp message={{ maxCount: 2, duration: 4 }} component={false}>
        <Failsafe>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} context={{ queryClient }} />
          </QueryClientProvider>
        </Failsafe>
      </AntdApp>
    </ConfigProvider>
  );
}
