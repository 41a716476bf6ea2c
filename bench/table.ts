// `make bench`: takes the figures of docs/performance.md and prints them as one table. Asserts nothing about time.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { install, type Program, type Running, Session, serve, startProgram, zhixin } from "../tests/harness";
import { bytesUnder, type Load, load, machine, median, pssMb, quantile, runLoad, sleep } from "./machine";
import { startPeer } from "./peer";

const { values: given } = parseArgs({
  options: {
    full: { type: "boolean" },
    runs: { type: "string" },
    seconds: { type: "string" },
    customers: { type: "string" },
    events: { type: "string" },
    only: { type: "string" },
  },
});
const full = given.full ?? false;
const runs = Number(given.runs ?? (full ? 5 : 3));
const seconds = Number(given.seconds ?? (full ? 60 : 6));
const warmup = full ? 120 : 1;
const customers = Number(given.customers ?? (full ? 1_000_000 : 2_000));
const webEvents = Number(given.events ?? (full ? 20_000_000 : 200_000));
const wanted = (section: string) => !given.only || given.only.split(",").includes(section);

const rows: string[][] = [];
const row = (what: string, figure: string, spread = "", beside = "") => {
  rows.push([what, figure, spread, beside, load()]);
  console.error(`${what}: ${figure} ${spread} ${beside} (load ${load()})`);
};
const whole = (n: number) => Math.round(n).toLocaleString("en-US");
const spread = (list: number[], show = whole) => `${show(Math.min(...list))}–${show(Math.max(...list))}`;
const portOf = (url: string) => new URL(url).port;
const metric = async (url: string, name: string) =>
  Number(new RegExp(`^${name} (.*)$`, "m").exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

/** How long the warehouse needs, after the load stopped, to show all of it. */
async function lagMs(url: string): Promise<number> {
  const since = performance.now();
  while ((await metric(url, "zhixin_warehouse_lag_seconds")) > 0 && performance.now() - since < 60_000) await sleep(20);
  return performance.now() - since;
}

const startIngest = async (): Promise<{ p: Program; key: string }> => {
  const p = await startProgram();
  return { p, key: await p.key("write", "shop") };
};

/** Single events and the peer, in turns, then batches and the open loop on the same installation. */
async function ingest() {
  const { p, key } = await startIngest();
  const peer = await startPeer();
  const at = portOf(p.url);
  const one: Load[] = [],
    many: Load[] = [],
    lags: number[] = [],
    theirs: number[] = [],
    open: Load[] = [],
    openLags: number[] = [];
  let seed = 1;
  for (let i = 0; i < runs; i++) {
    one.push(await runLoad(at, key, { seconds, warmup, seed: seed++ }));
    await lagMs(p.url);
    theirs.push(await peer.insertsPerSecond(seconds));
    many.push(await runLoad(at, key, { seconds, warmup, batch: 100, seed: seed++ }));
    lags.push(await lagMs(p.url));
  }
  await peer.stop();
  const rate = median(one.map((l) => l.events_per_s)),
    theirRate = median(theirs);
  row(
    "one event a POST, on disk, 64 connections, events/s",
    whole(rate),
    spread(one.map((l) => l.events_per_s)),
    `p99 ${median(one.map((l) => l.p99_ms))} ms, failed ${one.reduce((s, l) => s + l.failed, 0)}`,
  );
  row(
    "PostgreSQL 15, the same JSON, 16 clients, inserts/s",
    whole(theirRate),
    spread(theirs),
    `ratio ${(rate / theirRate).toFixed(2)}`,
  );
  console.error(`PostgreSQL: ${peer.settings}; jsonb, two indexes, pgbench -M prepared -c 16, unix socket`);
  row(
    "batches of 100, on disk, events/s",
    whole(median(many.map((l) => l.events_per_s))),
    spread(many.map((l) => l.events_per_s)),
    `in the warehouse ${whole(median(lags))} ms after the end`,
  );
  for (let i = 0; i < runs; i++) {
    open.push(await runLoad(at, key, { seconds, warmup, rate: Math.floor(rate * 0.7), seed: seed++ }));
    openLags.push(await lagMs(p.url));
  }
  row(
    "open loop at 70 % of the first line, p99 ms",
    median(open.map((l) => l.p99_ms)).toFixed(2),
    spread(
      open.map((l) => l.p99_ms),
      (n) => n.toFixed(1),
    ),
    `warehouse ${whole(median(openLags))} ms behind`,
  );
  await p.stop();
}

/** Memory under load, then what lies on disk when the tail is sealed, for events of about 430 bytes. */
async function sizes() {
  const { p, key } = await startIngest();
  const empty = bytesUnder(p.data),
    peaks: number[] = [];
  const watch = setInterval(() => peaks.push(pssMb(p.process.pid as number)), 250);
  // Until some units of the log are full: an open one is not sealed.
  for (
    let round = 0;
    round < 6 && (await metric(p.url, "zhixin_events_total")) < (full ? 20_000_000 : 600_000);
    round++
  )
    await runLoad(portOf(p.url), key, { seconds: full ? 60 : 10, batch: 100, seed: 99 + round });
  clearInterval(watch);
  row("memory under full ingest, Pss MB (largest)", whole(Math.max(...peaks)));
  const before = await metric(p.url, "zhixin_eventlog_tail_events");
  for (let waited = 0; waited < 30 && (await metric(p.url, "zhixin_eventlog_tail_events")) > 262_144; waited++)
    await sleep(1000);
  await lagMs(p.url);
  const events = await metric(p.url, "zhixin_events_total"),
    tail = await metric(p.url, "zhixin_eventlog_tail_events");
  await p.process.kill("SIGTERM");
  await p.exited;
  const parts = ["zhixin.db", "keys.db", "segments", "seen", "warehouse.duckdb"].map(
    (f) => `${f} ${(bytesUnder(join(p.data, f)) / events).toFixed(0)}`,
  );
  row(
    "disk, all files, bytes an event",
    ((bytesUnder(p.data) - empty) / events).toFixed(1),
    "",
    `${whole(events)} events, ${whole(tail)} in the tail (${whole(before)} at the end of the load); ${parts.join(", ")}`,
  );
  p.remove();
}

/** Milliseconds of each call, one after the other. */
async function times(count: number, call: (i: number) => Promise<{ status: number }>): Promise<number[]> {
  const list: number[] = [];
  for (let i = 0; i < count; i++) {
    const since = performance.now();
    const { status } = await call(i);
    list.push(performance.now() - since);
    if (status !== 200) throw new Error(`status ${status}`);
  }
  return list;
}

const ms = (list: number[]) => `p99 ${quantile(list, 0.99).toFixed(1)}`;
const p50 = (list: number[]) => `p50 ${quantile(list, 0.5).toFixed(1)}`;

/** The pages people wait for, on a retailer of the demo's shape. */
async function pages() {
  const place = await install();
  const size = `${whole(customers)} customers, ${whole(webEvents)} events`;
  const since = performance.now();
  await zhixin(["demo", "--data", place.data, "--customers", String(customers), "--events", String(webEvents)], {
    timeoutMs: full ? 7_200_000 : 240_000,
  });
  console.error(`demo of ${size}: ${whole(performance.now() - since)} ms`);
  let running: Running = await serve(place.data);
  const admin = await new Session(running.url).login(place.email, place.password);
  const known: { id: string; name: string; phone: string }[] = [];
  for (let i = 0; i < 100; i++) {
    const name = `${"赵钱孙李周吴郑王"[i % 8]}${"安宁静和雅文思嘉"[(i >> 3) % 8]}${"一二三四五六"[i % 6]}`,
      phone = `1990000${String(1000 + i)}`;
    const made = await admin.post("/api/v1/customers", { name, phones: [phone] });
    if (made.status >= 300) throw new Error(JSON.stringify(made.body));
    known.push({ id: made.body.id, name, phone });
  }
  const ids: string[] = [];
  for (let next = ""; ids.length < 300; ) {
    const { body } = await admin.get(`/api/v1/customers?limit=100${next && `&after=${encodeURIComponent(next)}`}`);
    ids.push(...body.items.map((c: { id: string }) => c.id));
    if (!body.next) break;
    next = body.next;
  }
  await lagMs(running.url);
  const of = <T>(list: T[], i: number) => list[(i * 37) % list.length];
  const count = full ? 1000 : 300;
  const pagesOf: [string, (i: number) => Promise<{ status: number }>][] = [
    ["lookup by phone", (i) => admin.post("/api/v1/customers/lookup", { q: of(known, i).phone })],
    ["lookup by name", (i) => admin.post("/api/v1/customers/lookup", { q: of(known, i).name })],
    [
      "lookup by pinyin",
      (i) => admin.post("/api/v1/customers/lookup", { q: ["wangan", "zhaojing", "liya", "zhouwen"][i % 4] }),
    ],
    ["first page of the list", () => admin.get("/api/v1/customers?limit=50")],
    ["customer record", (i) => admin.get(`/api/v1/customers/${of(ids, i)}`)],
    ["first page of a timeline", (i) => admin.get(`/api/v1/customers/${of(ids, i)}/timeline`)],
  ];
  for (const [what, call] of pagesOf) {
    await times(20, call);
    const list = await times(count, call);
    row(`${what} over HTTP, ms`, ms(list), p50(list), size);
  }
  await overview(admin, place.data, count, size);
  await sleep(full ? 60_000 : 30_000);
  row(`memory at rest, Pss MB (${full ? 60 : 30} s idle)`, whole(pssMb(running.process.pid as number)), "", size);
  await running.stop();
  const starts: number[] = [];
  for (let i = 0; i < runs; i++) {
    const begun = performance.now();
    running = await serve(place.data);
    const again = new Session(running.url);
    again.cookie = admin.cookie;
    again.csrf = admin.csrf;
    while ((await again.post("/api/v1/customers/lookup", { q: known[i].phone })).status !== 200) await sleep(5);
    starts.push(performance.now() - begun);
    await running.stop();
  }
  row("start until the first phone lookup, ms", whole(median(starts)), spread(starts), size);
  place.remove();
}

const dayNumber = (day: string) => Date.parse(`${day}T00:00:00Z`) / 86_400_000;

/** The overview of random periods; its sales equal a sum over the truth's lines. */
async function overview(admin: Session, data: string, count: number, size: string) {
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  const periods = Array.from({ length: Math.min(count, 100) }, (_, i) => ({
    from: day(30 + ((i * 67) % 600)),
    to: day(((i * 67) % 600) + 30 - (1 + ((i * 13) % 29))),
  }));
  const list = await times(periods.length, (i) =>
    admin.get(
      `/api/v1/overview?from=${periods[i].from}&to=${periods[i].to}&compare=previous${i % 3 ? "" : "&channel=store"}`,
    ),
  );
  let equal = 0;
  for (const { from, to } of periods.slice(0, 20)) {
    const { body } = await admin.get(`/api/v1/overview?from=${from}&to=${to}&channel=store`);
    const shown = Number(body.tiles.find((t: { key: string }) => t.key === "sales").value) * 100;
    const sql = `SELECT coalesce(sum(l.paid_minor), 0) FROM sale_line l JOIN sale s ON s.id = l.sale_id LEFT JOIN customer c ON c.id = s.customer_id WHERE s.channel = 'store' AND coalesce(nullif(c.class, 0), 1) = 1 AND (s.kind = 4 OR (s.kind = 1 AND l.quantity > 0)) AND s.business_day BETWEEN ${dayNumber(from)} AND ${dayNumber(to)}`;
    equal +=
      Math.round(shown) ===
      Number(execFileSync("sqlite3", ["-readonly", join(data, "zhixin.db"), sql], { encoding: "utf8" }))
        ? 1
        : 0;
  }
  row("overview, random periods, no cache, ms", ms(list), p50(list), `${size}; sales equal raw SQL in ${equal} of 20`);
}

function print() {
  const head = ["what", "figure", "spread", "beside", "load"];
  const width = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i].length)));
  const line = (cells: string[]) => `| ${cells.map((c, i) => c.padEnd(width[i])).join(" | ")} |`;
  console.log(
    `${new Date().toISOString()}  ${machine()}  runs ${runs} × ${seconds} s, warm-up ${warmup} s, load: see the last column`,
  );
  for (const l of [line(head), line(width.map((w) => "-".repeat(w))), ...rows.map(line)]) console.log(l);
}

try {
  if (wanted("ingest")) await ingest();
  if (wanted("sizes")) await sizes();
  if (wanted("pages")) await pages();
} finally {
  print();
}
