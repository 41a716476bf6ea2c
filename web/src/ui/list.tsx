// Paging by the server's cursor. The cursor stands in the address, so a page can be shared; the way back is remembered.
import { keepPreviousData, type QueryKey, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import type { TFunction } from "i18next";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { List, Total } from "../api/types";
import { useUrl } from "../app/url";
import { count } from "./format";

export function useList<T>(key: QueryKey, load: (after: string | undefined) => Promise<List<T>>) {
  const [{ after }] = useUrl();
  return useQuery({
    queryKey: [...key, after ?? ""],
    queryFn: () => load(after),
    placeholderData: keepPreviousData,
  });
}

export function totalText(total: Total | undefined, t: TFunction): string {
  if (!total) return "";
  return total.exact ? count(total.count) : t("common.about", { n: count(total.count) });
}

export function Pager({ list, shown }: { list: List<unknown> | undefined; shown: number }) {
  const { t } = useTranslation();
  const [{ after }, setUrl] = useUrl();
  const trail = useRef<(string | undefined)[]>([]);
  if (!list || (!list.next && !after)) return null;
  const back = () => setUrl({ after: trail.current.pop() });
  const forth = () => {
    trail.current.push(after);
    setUrl({ after: list.next ?? undefined });
    window.scrollTo({ top: 0 });
  };
  return (
    <div className="zx-pager">
      <span>{t("table.page", { shown: count(shown) })}</span>
      <div>
        <Button disabled={!after} onClick={back}>
          {trail.current.length || !after ? t("common.previous") : t("table.first")}
        </Button>
        <Button disabled={!list.next} onClick={forth}>
          {t("common.next")}
        </Button>
      </div>
    </div>
  );
}
