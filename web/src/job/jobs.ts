// Long work as the console sees it: the list of jobs, moved on by the stream.
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { useStream } from "../api/stream";
import type { Job, List } from "../api/types";

export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: () => body(api.GET("/api/v1/jobs", { params: { query: { limit: 50 } } })),
});

export function jobRuns(job: Job): boolean {
  return job.status === "running" || job.status === "queued";
}

/** 0…100, or null while the whole is not known. */
export function jobPercent(job: Job): number | null {
  if (job.status === "done") return 100;
  return job.total > 0 ? Math.min(100, Math.floor((job.done / job.total) * 100)) : null;
}

/** Seconds left at the pace so far, null when that cannot be told. */
export function jobSecondsLeft(job: Job, now_ms: number): number | null {
  if (job.status !== "running" || !job.started_at || job.total <= 0 || job.done <= 0) return null;
  const spent_s = (now_ms - Date.parse(job.started_at)) / 1000;
  return Math.max(1, Math.round((spent_s / job.done) * (job.total - job.done)));
}

/** Keeps the list of jobs true while it is shown. */
export function useJobStream(): void {
  const client = useQueryClient();
  useStream<Partial<Job>>("job", (message) => {
    const known = client.getQueryData<List<Job>>(["jobs"]);
    const at = known?.items.findIndex((job) => job.id === message.id) ?? -1;
    const ended = message.status !== "running" && message.status !== "queued";
    if (!known || at < 0 || ended) {
      client.invalidateQueries({ queryKey: ["jobs"] });
      return;
    }
    const items = known.items.map((job, i) => (i === at ? { ...job, ...message } : job));
    client.setQueryData(["jobs"], { ...known, items });
  });
}
