import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderBeside, install, serve, zhixin } from "../tests/harness";
import { portOf, runLoad, sleep, metric } from "./machine";

const settings = ["max_connections=300", "shared_buffers=1GB", "max_wal_size=4GB", "fsync=on", "synchronous_commit=on", ...(process.env.ADHOC_STAT ? ["shared_preload_libraries=pg_stat_statements","pg_stat_statements.track_planning=on","pg_stat_statements.track_utility=on","pg_stat_statements.max=10000"] : [])].flatMap((s) => ["-c", s]);
const folder = mkdtempSync(join(tmpdir(), "zhixin-adhoc-"));
execFileSync("chmod", ["755", folder]);
const url = execFileSync("tools/postgres.sh", ["start", join(folder, "server"), ...settings], { encoding: "utf8" }).trim();
if (process.env.ADHOC_STAT) execFileSync("psql", ["-X", "-q", url, "-c", "CREATE EXTENSION pg_stat_statements"]);
const pgPid = Number(readFileSync(join(folder, "server", "data", "postmaster.pid"), "utf8").split("\n")[0]);
const place = await install(undefined, { url });
const copy = folderBeside(place.data);
const key = async (name: string, ...m: string[]) => (await zhixin(["key", "create", "--data", place.data, "--kind", "write", "--source", name, ...m])).trim();
const crm = await key("crm", "--trusted"), shop = await key("shop");
const servers = [await serve(place.data), await serve(copy)];
const tasks = (pid: number): [string, number][] => {
  try {
    return readdirSync(`/proc/${pid}/task`).map((t) => [readFileSync(`/proc/${pid}/task/${t}/comm`, "utf8").trim(), Number(readFileSync(`/proc/${pid}/task/${t}/schedstat`, "utf8").split(" ")[0]) / 1e6]);
  } catch { return []; }
};
const kids = (pid: number): number[] => { try { return readdirSync(`/proc/${pid}/task`).flatMap((t) => readFileSync(`/proc/${pid}/task/${t}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)); } catch { return []; } };
const label = new Map<string, string>();
function snapshot() {
  const m = new Map<string, number>();
  const add = (k: string, v: number) => m.set(k, (m.get(k) ?? 0) + v);
  servers.forEach((s, i) => { for (const p of [s.process.pid!, ...kids(s.process.pid!)]) for (const [c, v] of tasks(p)) add(`${"AB"[i]} ${p === s.process.pid ? "" : "child "}${c}`, v); });
  const info = new Map(execFileSync("psql", ["-XAtq", url, "-c", "SELECT pid, left(datname, 6) || left(regexp_replace(query, E'[\\s]+', ' ', 'g'), 50), backend_type FROM pg_stat_activity"], { encoding: "utf8" }).trim().split("\n").map((l) => { const [p, a, b] = l.split("|"); return [Number(p), `${a}/${b}`]; }));
  for (const p of kids(pgPid)) for (const [, v] of tasks(p)) { add(`pg ${p}`, v); label.set(`pg ${p}`, info.get(p) ?? '?'); };
  const stat = readFileSync("/proc/stat", "utf8").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  add("~idle", stat[3] * 10 + stat[4] * 10);
  return m;
}
async function rest() { for (const { url } of servers) while ((await metric(url, "zhixin_warehouse_lag_seconds")) > 0) await sleep(100); await sleep(3000); }
await runLoad(portOf(servers[0].url), crm, { people: true, customers: 20000, batch: 100, connections: 16, seconds: 600 });
const rounds = Number(process.env.ADHOC_ROUNDS ?? 2), seconds = Number(process.env.ADHOC_SECONDS ?? 6);
for (let r = 0; r < rounds; r++)
  for (const batch of (process.env.ADHOC_BATCH ?? "1,100").split(",").map(Number))
    for (const n of r % 2 ? [2, 1] : [1, 2]) {
      await rest();
      const list = servers.slice(0, n);
      const running = Promise.all(list.map((s, i) => runLoad(portOf(s.url), shop, { seconds, warmup: 2, customers: 20000, batch, connections: 64 / n, seed: (Date.now() % 1_000_000) * 2 + i })));
      await sleep(2500);
      if (process.env.ADHOC_STAT) execFileSync("psql", ["-XAtq", url, "-c", "SELECT pg_stat_statements_reset()"]);
      const before = snapshot(), t0 = performance.now();
      const perf = process.env.ADHOC_PERF ? spawn("perf", ["record", "-a", "-g", "-F", "999", "-o", `/tmp/perf.${batch}.${n}.data`, "sleep", String(seconds - 2)], { stdio: "ignore" }) : undefined;
      await sleep((seconds - 1.5) * 1000);
      const after = snapshot(), ms = performance.now() - t0;
      const stat = process.env.ADHOC_STAT ? execFileSync("psql", ["-XAtq", url, "-c", "SELECT calls, round(total_exec_time::numeric,1), round(total_plan_time::numeric,1), left(regexp_replace(query, E'\\s+', ' ', 'g'), 150) FROM pg_stat_statements ORDER BY total_exec_time+total_plan_time DESC LIMIT 45"], { encoding: "utf8" }) : "";
      const loads = await running;
      console.log(stat);
      const rate = loads.reduce((s, l) => s + l.events_per_s, 0);
      const events = (rate * ms) / 1000;
      console.log(`\n== batch ${batch}, ${n} server(s): ${Math.round(rate)}/s, p50 ${loads.map((l) => l.p50_ms)} p99 ${loads.map((l) => l.p99_ms)}`);
      const rows = [...after].map(([k, v]) => [k, (v - (before.get(k) ?? 0)) * 1000 / events] as const).filter(([, v]) => v > (batch === 1 ? 0.8 : 0.1)).sort((a, b) => b[1] - a[1]);
      console.log(rows.map(([k, v]) => `  ${v.toFixed(2).padStart(8)} us/event  ${k} ${label.get(k) ?? ''}`).join("\n"));
    }
for (const s of servers) await s.stop();
rmSync(copy, { recursive: true, force: true });
place.remove();
execFileSync("tools/postgres.sh", ["stop", join(folder, "server")]);
rmSync(folder, { recursive: true, force: true });
process.exit(0);
