// The tasks tray: long work goes on while one does something else, and its result stays here.
import { ClockCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Badge, Button, Popover } from "antd";
import { useTranslation } from "react-i18next";
import { JobLine } from "../job/JobLine";
import { jobRuns, jobsQuery, useJobStream } from "../job/jobs";
import { Empty, Loaded } from "../ui/States";
import { useMay } from "./session";

export function TasksTray() {
  return useMay()("job.read") ? <Tray /> : null;
}

function Tray() {
  const { t } = useTranslation();
  const jobs = useQuery(jobsQuery);
  useJobStream();
  const running = jobs.data?.items.filter(jobRuns).length ?? 0;
  const content = (
    <div className="zx-tray">
      <Loaded query={jobs}>
        {({ items }) =>
          items.length ? (
            items.slice(0, 20).map((job) => <JobLine key={job.id} job={job} />)
          ) : (
            <Empty title={t("job.empty")} text={t("job.empty_text")} />
          )
        }
      </Loaded>
    </div>
  );
  return (
    <Popover content={content} title={t("job.tray")} trigger="click" placement="bottomRight">
      <Button
        type="text"
        aria-label={running ? t("job.running", { count: running }) : t("job.tray")}
        icon={
          <Badge count={running} size="small" color="var(--zx-text-2)">
            <ClockCircleOutlined />
          </Badge>
        }
      />
    </Popover>
  );
}
