// Period, comparison, channel, store and category of the overview.
import { useQuery } from "@tanstack/react-query";
import { Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useUrl } from "../app/url";
import { storesQuery } from "../catalog/queries";
import { PeriodPicker } from "../ui/Period";
import { comparisons, useFilter } from "./queries";

const channels = ["store", "web", "wechat"] as const;

export function OverviewFilter() {
  const { t } = useTranslation();
  const filter = useFilter();
  const [, setUrl] = useUrl();
  const stores = useQuery(storesQuery);
  return (
    <div className="zx-overview-filter">
      <PeriodPicker value={filter} onChange={(days) => setUrl({ from: days?.from, to: days?.to })} />
      <Select
        aria-label={t("overview.compare")}
        value={filter.compare}
        onChange={(value) => setUrl({ compare: value })}
        options={comparisons.map((value) => ({ value, label: t(`overview.compare.${value}`) }))}
        popupMatchSelectWidth={false}
      />
      <Select
        allowClear
        aria-label={t("now.channel")}
        placeholder={t("overview.all_channels")}
        value={filter.channel}
        onChange={(value?: string) => setUrl({ channel: value })}
        options={channels.map((value) => ({ value, label: t(`channel.${value}`) }))}
        popupMatchSelectWidth={false}
      />
      <Select
        allowClear
        aria-label={t("nav.stores")}
        placeholder={t("overview.all_stores")}
        value={filter.store}
        onChange={(value?: string) => setUrl({ store: value })}
        options={stores.data?.items.map((s) => ({ value: s.code, label: s.name }))}
        popupMatchSelectWidth={false}
      />
      <Input.Search
        className="zx-category"
        allowClear
        defaultValue={filter.category}
        aria-label={t("style.category")}
        placeholder={t("overview.all_categories")}
        onSearch={(text) => setUrl({ category: text.trim() || undefined })}
      />
    </div>
  );
}
