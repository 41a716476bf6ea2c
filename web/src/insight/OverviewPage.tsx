// 总览: what happened, what needs me today, and the same data counted as two islands and as one.
import { DownloadOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStream } from "../api/stream";
import { PageHead } from "../ui/PageHead";
import { Loaded } from "../ui/States";
import { Attention } from "./Attention";
import { DailyChart } from "./DailyChart";
import { Funnel } from "./Funnel";
import { Islands } from "./Islands";
import "./insight.css";
import { OverviewFilter } from "./OverviewFilter";
import { filterText, overviewQuery, useFilter } from "./queries";
import { StylesTable } from "./StylesTable";
import { Tiles, TilesSkeleton } from "./Tiles";
import { Tour } from "./Tour";

/** New sales move the page, but no more than every five seconds. */
function useMovingFigures(): void {
  const client = useQueryClient();
  const [moved, setMoved] = useState(false);
  useStream("change", () => setMoved(true));
  useStream("live", () => setMoved(true));
  useEffect(() => {
    if (!moved) return;
    const timer = window.setTimeout(() => {
      setMoved(false);
      client.invalidateQueries({ queryKey: ["overview"] });
    }, 5000);
    return () => window.clearTimeout(timer);
  }, [moved, client]);
}

export function OverviewPage() {
  const { t } = useTranslation();
  const filter = useFilter();
  const overview = useQuery({ ...overviewQuery(filter), placeholderData: keepPreviousData });
  const before = overview.data?.compare_period;
  useMovingFigures();
  return (
    <div className="zx-overview">
      <PageHead
        title={t("nav.overview")}
        sub={[`${filter.from} – ${filter.to}`, before && t("overview.compared", { from: before.from, to: before.to })]
          .filter(Boolean)
          .join(" · ")}
        acts={
          <Button icon={<DownloadOutlined />} href={`/api/v1/overview.xlsx?${filterText(filter)}`} download>
            {t("overview.export")}
          </Button>
        }
      />
      <OverviewFilter />
      <Loaded query={overview} skeleton={<TilesSkeleton />}>
        {(data) => (
          <>
            <Tiles overview={data} filter={filter} />
            <Islands islands={data.islands} />
          </>
        )}
      </Loaded>
      <div className="zx-overview-row">
        <div className="zx-column">
          <DailyChart filter={filter} />
          <Funnel filter={filter} />
        </div>
        <div className="zx-column">
          <Attention filter={filter} />
          <Tour />
        </div>
      </div>
      <StylesTable filter={filter} />
    </div>
  );
}
