// A period of days in the address: from, to; with the usual ones at hand. The week starts on Monday.
import { DatePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useTranslation } from "react-i18next";

export interface Days {
  from: string;
  to: string;
}

const iso = (day: Dayjs) => day.format("YYYY-MM-DD");

function monday(day: Dayjs): Dayjs {
  return day.subtract((day.day() + 6) % 7, "day");
}

export function lastDays(count: number): Days {
  return { from: iso(dayjs().subtract(count - 1, "day")), to: iso(dayjs()) };
}

export function PeriodPicker({
  value,
  onChange,
  clearable,
}: {
  value: Days | null;
  onChange: (days: Days | null) => void;
  clearable?: boolean;
}) {
  const { t } = useTranslation();
  const now = dayjs();
  const month = now.startOf("month");
  const presets: { label: string; value: [Dayjs, Dayjs] }[] = [
    { label: t("period.today"), value: [now, now] },
    { label: t("period.yesterday"), value: [now.subtract(1, "day"), now.subtract(1, "day")] },
    { label: t("period.week"), value: [monday(now), now] },
    { label: t("period.last_7"), value: [now.subtract(6, "day"), now] },
    { label: t("period.last_30"), value: [now.subtract(29, "day"), now] },
    { label: t("period.month"), value: [month, now] },
    { label: t("period.last_month"), value: [month.subtract(1, "month"), month.subtract(1, "day")] },
    { label: t("period.last_90"), value: [now.subtract(89, "day"), now] },
    { label: t("period.year"), value: [now.startOf("year"), now] },
  ];
  return (
    <DatePicker.RangePicker
      aria-label={t("order.period")}
      allowClear={clearable ?? false}
      value={value ? [dayjs(value.from), dayjs(value.to)] : null}
      presets={presets}
      disabledDate={(day) => day.isAfter(now, "day")}
      onChange={(range) => onChange(range?.[0] && range[1] ? { from: iso(range[0]), to: iso(range[1]) } : null)}
    />
  );
}
