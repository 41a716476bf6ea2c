// What a figure needs around it: medians, the load that stood beside it, memory and disk of an installation.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Session } from "../tests/harness";

export const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
export const quantile = (list: number[], q: number) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];
export const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
export const machine = () =>
  `${cpus().length} cores (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
/** How many others wanted a core: the 1-minute load average when the figure was taken. */
export const load = () => loadavg()[0].toFixed(1);

const children = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((t) => {
    const list = readFileSync(`/proc/${pid}/task/${t}/children`, "utf8").trim();
    return list ? list.split(" ").map(Number) : [];
  });

/** Processor time of a process and all its children so far, in ms: other work on the machine hardly moves it. */
export function cpuMs(pid: number): number {
  const own = readdirSync(`/proc/${pid}/task`).reduce(
    (sum, t) => sum + Number(readFileSync(`/proc/${pid}/task/${t}/schedstat`, "utf8").split(" ")[0]) / 1e6,
    0,
  );
  return children(pid).reduce((sum, child) => sum + cpuMs(child), own);
}

const family = (pid: number): number[] => [pid, ...children(pid).flatMap(family)];

/** Gives a process and all its children so much of a core and no more, as if on a small machine of their own (control groups of either
 *  version); until what comes back is called, when they have ended. null: this system does not let us. */
export function limitCores(pid: number, cores: number): (() => void) | null {
  const old = existsSync("/sys/fs/cgroup/cpu");
  const group = join("/sys/fs/cgroup", old ? "cpu" : "", `zhixin-bench-${pid}`);
  const period = 10_000;
  try {
    mkdirSync(group);
    const files = old ? { "cpu.cfs_period_us": period, "cpu.cfs_quota_us": cores * period } : { "cpu.max": `${cores * period} ${period}` };
    for (const [file, value] of Object.entries(files)) writeFileSync(join(group, file), String(value));
    for (const one of family(pid)) writeFileSync(join(group, "cgroup.procs"), String(one));
    return () => rmdirSync(group);
  } catch {
    if (existsSync(group)) rmdirSync(group);
    return null;
  }
}

/** Pss of a process and all its children, in MB. */
export function pssMb(pid: number): number {
  const own = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) / 1024;
  return children(pid).reduce((sum, child) => sum + pssMb(child), own);
}

export const bytesUnder = (path: string): number =>
  !existsSync(path)
    ? 0
    : statSync(path).isDirectory()
      ? readdirSync(path).reduce((sum, name) => sum + bytesUnder(join(path, name)), 0)
      : statSync(path).size;

export const portOf = (url: string) => new URL(url).port;
/** One figure of /metrics. */
export const metric = async (url: string, name: string) =>
  Number(new RegExp(`^${name} (.*)$`, "m").exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

export interface Load {
  events_per_s: number;
  sent_per_s: number;
  requests: number;
  failed: number;
  late_starts: number;
  p50_ms: number;
  p99_ms: number;
}

/** One run of bench/load.c. */
export async function runLoad(port: string, key: string, options: Record<string, number | true>): Promise<Load> {
  const args = ["--port", port, "--key", Buffer.from(`${key}:`).toString("base64")];
  for (const [name, value] of Object.entries(options))
    args.push(`--${name}`, ...(value === true ? [] : [String(value)]));
  const { stdout } = await promisify(execFile)(process.env.ZHIXIN_BENCH_LOAD as string, args);
  return JSON.parse(stdout);
}

interface Answer {
  status: number;
  body: any;
}
/** Who asks one page after the other over a connection that stays, as a browser does; with less of a client's own time in the
 * figures than fetch has. */
export class Asker {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  constructor(private readonly session: Session) {}

  private ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const { cookie, csrf, url } = this.session;
    const headers = {
      cookie,
      ...(text && { "x-csrf-token": csrf, origin: url, "content-type": "application/json" }),
      ...(text && { "content-length": Buffer.byteLength(text) }),
    };
    return new Promise((done, failed) => {
      const call = request(url + path, { method, headers, agent: this.agent }, (reply) => {
        const parts: Buffer[] = [];
        reply.on("data", (part: Buffer) => parts.push(part));
        const parsed = () => JSON.parse(Buffer.concat(parts).toString());
        reply.on("end", () => done(Object.defineProperty({ status: reply.statusCode ?? 0 }, "body", { get: parsed }) as Answer));
      });
      call.on("error", failed);
      call.end(text);
    });
  }
  get = (path: string) => this.ask("GET", path);
  post = (path: string, body: unknown) => this.ask("POST", path, body);
  end = () => this.agent.destroy();
}

/** Milliseconds of each call, one after the other. */
export async function times(count: number, call: (i: number) => Promise<Answer>): Promise<number[]> {
  const list: number[] = [];
  for (let i = 0; i < count; i++) {
    const since = performance.now();
    const { status } = await call(i);
    list.push(performance.now() - since);
    if (status !== 200) throw new Error(`status ${status}`);
  }
  return list;
}
