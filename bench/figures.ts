// `tools/bench.sh --figures same|duckdb`: the truth on a private PostgreSQL, and how fast figures are there: filled at full speed, the
// overview, its funnel and lists over random periods and over all time, stories, and the warehouse made anew. Asserts nothing about time.
import { parseArgs } from "node:util";
import { install, Session, serve, zhixin } from "../tests/harness";
import { load, machine, metric, portOf, quantile, runLoad, sleep } from "./machine";
import { fill, phoneOf } from "./prepared";

const { values: given } = parseArgs({ options: { customers: { type: "string" }, events: { type: "string" }, count: { type: "string" } } });
const customers = Number(given.customers ?? 50_000);
const events = Number(given.events ?? 2_000_000);
const count = Number(given.count ?? 100);
const engine = process.env.ZHIXIN_TEST_WAREHOUSE ?? "duckdb";

const rows: string[][] = [];
const row = (...cells: string[]) => {
  rows.push([...cells, load()]);
  console.error(`${cells.join(": ")} (load ${load()})`);
};
const p = (list: number[], q: number) => quantile(list, q).toFixed(0);
const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

async function times(what: string, times: number, call: (i: number) => Promise<{ status: number; body: any }>) {
  const list: number[] = [];
  for (let i = 0; i < times; i++) {
    const since = performance.now();
    const { status, body } = await call(i);
    list.push(performance.now() - since);
    if (status !== 200) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  }
  row(`${what}, ms`, `p50 ${p(list, 0.5)}, p99 ${p(list, 0.99)}`, `first ${list[0].toFixed(0)}`);
}

const installation = await install();
try {
  const begun = performance.now();
  const place = await fill(installation, customers, events); // ends when the warehouse has it all
  row("filled, and in the warehouse, s", ((performance.now() - begun) / 1000).toFixed(0), "");
  const running = await serve(place.data);
  const admin = await new Session(running.url).login(place.email, place.password);
  while ((await metric(running.url, "zhixin_warehouse_lag_seconds")) > 0) await sleep(100);
  while ((await metric(running.url, "zhixin_vault_index_ready")) !== 1) await sleep(50);
  if (engine === "same") {
    const size = (what: string) => installation.sql(`SELECT pg_size_pretty(sum(pg_total_relation_size(c.oid))) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '${what}' AND c.relkind = 'r'`);
    row("on disk: warehouse, truth", `${size("warehouse")}, ${size("public")}`, `event_sealed ${installation.sql("SELECT pg_size_pretty(pg_total_relation_size('warehouse.event_sealed'))")}`);
  }
  const filters = ["", "&channel=web", `&category=${encodeURIComponent("女装")}`];
  const period = (i: number) => `from=${day(((i * 67) % 300) + 1 + ((i * 13) % 60))}&to=${day((i * 67) % 300)}`;
  const year = `from=${day(366)}&to=${day(0)}`;
  await times("overview, random periods and filters", count, (i) => admin.get(`/api/v1/overview?${period(i)}&compare=previous${filters[i % 3]}`));
  await times("overview of the whole year", 10, (i) => admin.get(`/api/v1/overview?${year}&compare=previous${filters[i % 3]}`));
  await times("its days", 10, () => admin.get(`/api/v1/overview/daily?${year}`));
  await times("its styles", 10, () => admin.get(`/api/v1/overview/styles?${year}`));
  await times("funnel, random periods", 30, (i) => admin.get(`/api/v1/overview/funnel?${period(i)}`));
  await times("funnel of the whole year", 10, () => admin.get(`/api/v1/overview/funnel?${year}`));
  const ids: string[] = [];
  for (let i = 0; i < 100; i++) ids.push((await admin.post("/api/v1/customers/lookup", { q: phoneOf((i * 7919) % customers) })).body.items[0].id);
  await times("first page of a timeline", 100, (i) => admin.get(`/api/v1/customers/${ids[i]}/timeline`));
  const burst = await runLoad(portOf(running.url), place.shop, { customers, batch: 100, connections: 32, seconds: 15, seed: 5000 });
  const ended = performance.now();
  while ((await metric(running.url, "zhixin_warehouse_lag_seconds")) > 0) await sleep(50);
  row("batches of 100 for 15 s, events/s", String(Math.round(burst.events_per_s)), `in the warehouse ${((performance.now() - ended) / 1000).toFixed(1)} s after the end`);
  const since = performance.now();
  await zhixin(["rebuild", "--data", place.data], { timeoutMs: 7_200_000 });
  row("made anew, s", ((performance.now() - since) / 1000).toFixed(1), "");
  await running.stop();
} finally {
  const size = `${customers.toLocaleString("en-US")} customers, ${events.toLocaleString("en-US")} events`;
  console.log(`${new Date().toISOString()}  ${machine()}  figures from ${engine}, the truth on PostgreSQL; ${size}`);
  for (const r of rows) console.log(`| ${r.join(" | ")} |`);
  installation.remove();
}
