// One job with its bar, what it counted, and a way to stop it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Popconfirm, Progress } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import type { Job } from "../api/types";
import { textOr } from "../app/i18n";
import { State, Time, type Tone } from "../ui/Bits";
import { count } from "../ui/format";
import "./job.css";
import { jobPercent, jobRuns, jobSecondsLeft } from "./jobs";

const tones: Record<string, Tone> = { done: "ok", failed: "danger", cancelled: "warn" };
const counted = ["new", "updated", "same", "refused"];

export function jobTitle(job: Job): string {
  const trial = job.result?.dry_run === true ? ` · ${textOr("import.try", "")}` : "";
  return textOr(`job.kind.${job.kind}`, job.kind) + trial;
}

export function JobLine({ job }: { job: Job }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id: job.id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const percent = jobPercent(job);
  const left = jobSecondsLeft(job, Date.now());
  return (
    <article className="zx-job">
      <header>
        <strong>{jobTitle(job)}</strong>
        <State tone={tones[job.status]}>{textOr(`job.status.${job.status}`, job.status)}</State>
      </header>
      {jobRuns(job) && (
        <div className="zx-job-run">
          <Progress
            percent={percent ?? 0}
            size="small"
            status={percent === null ? "active" : "normal"}
            showInfo={percent !== null}
            aria-label={jobTitle(job)}
          />
          <Popconfirm title={t("job.cancel_ask")} onConfirm={() => cancel.mutate()} okText={t("job.cancel")}>
            <Button size="small" loading={cancel.isPending} disabled={job.cancelling}>
              {t("job.cancel")}
            </Button>
          </Popconfirm>
        </div>
      )}
      <p>
        {job.total > 0 && t("job.progress", { done: count(job.done), total: count(job.total) })}
        {left !== null && ` · ${t("job.left", { count: left })}`}
        {counted
          .filter((key) => job.result && key in job.result)
          .map((key) => ` · ${t(`job.result.${key}` as "job.result.new")} ${count(String(job.result?.[key]))}`)
          .join("")}
      </p>
      {job.kind === "import" && Number(job.result?.refused ?? 0) > 0 && (
        <p>
          <a href={`/api/v1/imports/${job.id}/refused`} download>
            {t("import.refused")}
          </a>
        </p>
      )}
      {job.error && <p className="zx-job-error">{textOr(`error.${job.error}`, job.error)}</p>}
      <footer>
        <Time at={job.finished_at ?? job.started_at ?? job.created_at} />
      </footer>
    </article>
  );
}
