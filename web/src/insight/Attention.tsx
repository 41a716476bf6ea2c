// What needs me today: each line is a number and the way to where it is settled.
import { CheckCircleOutlined, RightOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import { useMay } from "../app/session";
import { jobsQuery } from "../job/jobs";
import { Card } from "../ui/Bits";
import { count } from "../ui/format";
import { type Filter, stylesQuery } from "./queries";

interface Matter {
  key: string;
  count: number;
  text: string;
  to: string;
}

function useMatters(filter: Filter): { matters: Matter[]; ready: boolean } {
  const { t } = useTranslation();
  const may = useMay();
  const one = { params: { query: { limit: 100 } } };
  const reviews = useQuery({
    queryKey: ["reviews", "open"],
    queryFn: () => body(api.GET("/api/v1/reviews", { params: { query: { status: "open", limit: 100 } } })),
    enabled: may("review.read"),
  });
  const quarantine = useQuery({
    queryKey: ["quarantine", "attention"],
    queryFn: () => body(api.GET("/api/v1/quarantine", one)),
    enabled: may("live.read"),
  });
  const jobs = useQuery({ ...jobsQuery, enabled: may("job.read") });
  const styles = useQuery(stylesQuery(filter));
  const size = (list: { items: unknown[]; total?: { count: number } } | undefined) =>
    list?.total?.count ?? list?.items.length ?? 0;
  const matters: Matter[] = [
    { key: "reviews", count: size(reviews.data), text: t("attention.reviews"), to: "/reviews" },
    { key: "quarantine", count: size(quarantine.data), text: t("attention.quarantine"), to: "/data/quarantine" },
    {
      key: "jobs",
      count: jobs.data?.items.filter((job) => job.status === "failed").length ?? 0,
      text: t("attention.jobs"),
      to: "/data/imports",
    },
    {
      key: "floor",
      count: styles.data?.items.filter((row) => Number(row.below_floor ?? 0) > 0).length ?? 0,
      text: t("attention.floor"),
      to: "/overview",
    },
  ].filter((matter) => matter.count > 0);
  return { matters, ready: !reviews.isLoading && !quarantine.isLoading && !jobs.isLoading && !styles.isLoading };
}

export function Attention({ filter }: { filter: Filter }) {
  const { t } = useTranslation();
  const { matters, ready } = useMatters(filter);
  return (
    <Card title={t("attention.title")} flush>
      <ul className="zx-attention">
        {matters.map((matter) => (
          <li key={matter.key}>
            <Link to={matter.to as "/"}>
              <strong className="zx-num">{count(matter.count)}</strong>
              <span>{matter.text}</span>
              <RightOutlined aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
      {ready && !matters.length && (
        <p className="zx-attention-none">
          <CheckCircleOutlined aria-hidden /> {t("attention.none")}
        </p>
      )}
    </Card>
  );
}
