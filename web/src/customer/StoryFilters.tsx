// Channel, kind and day of the story; all three stand in the address.
import { DatePicker, Segmented, Select } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { useUrl } from "../app/url";
import { storyChannels, storyKinds } from "./story";

export function StoryFilters() {
  const { t } = useTranslation();
  const [{ kind, channel = "", until }, setUrl] = useUrl();
  return (
    <div className="zx-story-filters">
      <Segmented
        aria-label={t("story.channel")}
        value={channel}
        onChange={(value) => setUrl({ channel: value || undefined })}
        options={[
          { value: "", label: t("common.all") },
          ...storyChannels.map((value) => ({ value, label: t(`channel.${value}`) })),
        ]}
      />
      <Select
        allowClear
        aria-label={t("story.kind")}
        placeholder={t("story.kind")}
        value={kind}
        onChange={(value?: string) => setUrl({ kind: value })}
        options={storyKinds.map((value) => ({ value, label: t(`story.kind.${value}`) }))}
        popupMatchSelectWidth={false}
      />
      <DatePicker
        aria-label={t("story.jump")}
        placeholder={t("story.jump")}
        value={until ? dayjs(until) : null}
        disabledDate={(day) => day.isAfter(dayjs(), "day")}
        onChange={(day) => setUrl({ until: day ? day.format("YYYY-MM-DD") : undefined })}
      />
    </div>
  );
}
