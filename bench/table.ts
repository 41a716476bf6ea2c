// `make bench`: takes the figures of docs/performance.md and prints them as one table. Asserts nothing about time.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Running, Session, serve } from "../tests/harness";
import { Asker, cpuMs, type Load, load, machine, median, metric, portOf, pssMb, quantile, runLoad, sleep, times } from "./machine";
import { startPeer } from "./peer";
import { postgres } from "./postgres";
import { nameOf, type Prepared, phoneOf, prepared } from "./prepared";

const { values: given } = parseArgs({
  options: {
    full: { type: "boolean" },
    runs: { type: "string" },
    seconds: { type: "string" },
    warmup: { type: "string" },
    customers: { type: "string" },
    events: { type: "string" },
    only: { type: "string" },
  },
});
const full = given.full ?? false;
const runs = Number(given.runs ?? (full ? 5 : 3));
const seconds = Number(given.seconds ?? (full ? 60 : 6));
const warmup = Number(given.warmup ?? (full ? 120 : 1));
const customers = Number(given.customers ?? (full ? 1_000_000 : 5_000));
const events = Number(given.events ?? (full ? 20_000_000 : 600_000));
const wanted = (section: string) => !given.only || given.only.split(",").includes(section);
const size = `${customers.toLocaleString("en-US")} customers, ${events.toLocaleString("en-US")} events`;

const rows: string[][] = [];
const row = (what: string, must: string, figure: string, spread = "", beside = "") => {
  rows.push([what, must, figure, spread, beside, load()]);
  console.error(`${what}: ${figure} ${spread} ${beside} (load ${load()})`);
};
const whole = (n: number) => Math.round(n).toLocaleString("en-US");
const spread = (list: number[], show = whole) => `${show(Math.min(...list))}–${show(Math.max(...list))}`;

/** How long the warehouse needs, after the load stopped, to show all of it. */
async function lagMs(url: string): Promise<number> {
  const since = performance.now();
  while ((await metric(url, "zhixin_warehouse_lag_seconds")) > 0 && performance.now() - since < 60_000) await sleep(20);
  return performance.now() - since;
}

/** Single events, the bare append and PostgreSQL in turns; then batches; then both in an open loop at 70 %. */
async function ingest(place: Prepared, url: string, pid: number) {
  const peer = await startPeer();
  const at = portOf(url),
    common = { seconds, warmup, customers };
  const one: Load[] = [],
    many: Load[] = [],
    lags: number[] = [],
    theirs: number[] = [],
    bare: number[] = [],
    peaks: number[] = [];
  let seed = Date.now() % 1_000_000;
  for (let i = 0; i < runs; i++) {
    one.push(await runLoad(at, place.shop, { ...common, seed: seed++ }));
    await lagMs(url);
    bare.push(peer.appendsPerSecond(Math.min(seconds, 5)));
    theirs.push(await peer.insertsPerSecond(seconds));
    many.push(await runLoad(at, place.shop, { ...common, batch: 100, seed: seed++ }));
    lags.push(await lagMs(url));
  }
  await peer.stop();
  const rate = median(one.map((l) => l.events_per_s)),
    theirRate = median(theirs),
    batchRate = median(many.map((l) => l.events_per_s));
  row(
    "one event a POST, on disk, 64 connections, events/s",
    "35,000",
    whole(rate),
    spread(one.map((l) => l.events_per_s)),
    `p99 ${median(one.map((l) => l.p99_ms))} ms, failed ${one.reduce((s, l) => s + l.failed, 0)}`,
  );
  row(
    "PostgreSQL 15, the same JSON, 16 clients, inserts/s",
    "half of ours",
    whole(theirRate),
    spread(theirs),
    `ours is ${(rate / theirRate).toFixed(2)} ×`,
  );
  row("append 430 bytes and sync, one after the other, a second", "", whole(median(bare)), spread(bare), "no server");
  row(
    "batches of 100, 64 connections, on disk, events/s",
    "200,000",
    whole(batchRate),
    spread(many.map((l) => l.events_per_s)),
    `in the warehouse ${whole(median(lags))} ms after the end`,
  );
  for (const [what, total, batch] of [
    ["single events", rate, 1],
    ["batches", batchRate, 100],
  ] as const) {
    const open: Load[] = [],
      behind: number[] = [];
    for (let i = 0; i < runs; i++) {
      open.push(await runLoad(at, place.shop, { ...common, batch, rate: Math.floor(total * 0.7), seed: seed++ }));
      behind.push(await lagMs(url));
    }
    row(
      `open loop, ${what} at 70 %, p99 ms`,
      "10",
      median(open.map((l) => l.p99_ms)).toFixed(2),
      spread(
        open.map((l) => l.p99_ms),
        (n) => n.toFixed(1),
      ),
      `warehouse ${whole(median(behind))} ms behind`,
    );
  }
  // Apart, for adding up a process's pages takes time of it.
  const watch = setInterval(() => peaks.push(pssMb(pid)), 500);
  await runLoad(at, place.shop, { ...common, batch: 100, seed: seed++ });
  clearInterval(watch);
  row("memory under full ingest, Pss MB (largest)", "512", whole(Math.max(...peaks)), "", size);
  console.error(`PostgreSQL: ${peer.settings}; jsonb, two indexes, pgbench -M prepared -c 16, unix socket`);
}

/** Bytes of events that are sealed, all files, everybody known already. */
function disk(place: Prepared) {
  const parts = Object.entries(place.parts).map(([name, bytes]) => `${name} ${(bytes / place.events).toFixed(1)}`);
  row(
    "disk, all files, bytes an event",
    "60",
    ((place.bytesAfter - place.bytesBefore) / place.events).toFixed(1),
    "",
    parts.join(", "),
  );
}

const p = (list: number[], q: number) => quantile(list, q).toFixed(1);

/** The pages people wait for. */
async function pages(place: Prepared, session: Session) {
  const admin = new Asker(session);
  while ((await metric(session.url, "zhixin_vault_index_ready")) !== 1) await sleep(50);
  await admin.get("/api/v1/overview"); // opens the warehouse, which takes both cores for two seconds
  await sleep(3000);
  const person = (i: number) => (i * 7919) % customers;
  const ids: string[] = [];
  for (let i = 0; i < 300; i++) {
    const { body } = await admin.post("/api/v1/customers/lookup", { q: phoneOf(person(i)) });
    ids.push(body.items[0].id);
  }
  const of = <T>(list: T[], i: number) => list[i % list.length];
  const count = full ? 1000 : 300;
  const pagesOf: [string, string, Parameters<typeof times>[1]][] = [
    ["lookup by phone", "5", (i) => admin.post("/api/v1/customers/lookup", { q: phoneOf(person(i * 31)) })],
    ["lookup by name", "20", (i) => admin.post("/api/v1/customers/lookup", { q: nameOf(person(i)) })],
    [
      "lookup by pinyin",
      "20",
      (i) => admin.post("/api/v1/customers/lookup", { q: of(["wangan", "lijing", "zhangya", "chensi", "luoran"], i) }),
    ],
    ["first page of the list", "50", () => admin.get("/api/v1/customers?limit=50")],
    ["customer record", "10", (i) => admin.get(`/api/v1/customers/${of(ids, i)}`)],
    ["first page of a timeline", "80", (i) => admin.get(`/api/v1/customers/${of(ids, i)}/timeline`)],
  ];
  for (const [what, must, call] of pagesOf) {
    await times(100, call);
    const list = await times(count, call);
    row(`${what}, p99 ms`, must, p(list, 0.99), `p50 ${p(list, 0.5)}`, size);
  }
  await overview(admin, place.data, count);
  admin.end();
}

const dayNumber = (day: string) => Date.parse(`${day}T00:00:00Z`) / 86_400_000;

/** The overview of random periods and filters; its sales equal a sum over the truth's lines. */
async function overview(admin: Asker, data: string, count: number) {
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  const periods = Array.from({ length: Math.min(count, 100) }, (_, i) => {
    const to = (i * 67) % 300;
    return { from: day(to + 1 + ((i * 13) % 60)), to: day(to) };
  });
  const filters = ["", "&channel=web", `&category=${encodeURIComponent("女装")}`];
  const list = await times(periods.length, (i) =>
    admin.get(`/api/v1/overview?from=${periods[i].from}&to=${periods[i].to}&compare=previous${filters[i % 3]}`),
  );
  const funnels = await times(30, (i) =>
    admin.get(`/api/v1/overview/funnel?from=${periods[i].from}&to=${periods[i].to}`),
  );
  let equal = 0;
  for (const { from, to } of periods.slice(0, 20)) {
    const { body } = await admin.get(`/api/v1/overview?from=${from}&to=${to}&channel=web`);
    const shown = Number(body.tiles.find((t: { key: string }) => t.key === "sales").value) * 100;
    const sql = `SELECT coalesce(sum(l.paid_minor), 0) FROM sale_line l JOIN sale s ON s.id = l.sale_id LEFT JOIN customer c ON c.id = s.customer_id WHERE s.channel = 'web' AND coalesce(nullif(c.class, 0), 1) = 1 AND s.kind = 2 AND s.status NOT IN (1, 5) AND s.business_day BETWEEN ${dayNumber(from)} AND ${dayNumber(to)}`;
    const raw = execFileSync("sqlite3", ["-readonly", join(data, "zhixin.db"), sql], { encoding: "utf8" });
    if (Math.round(shown) === Number(raw)) equal++;
    else console.error(`overview of ${from} to ${to}: ${shown}, SQL over the truth: ${raw}`);
  }
  row(
    "overview, random periods and filters, no cache, p99 ms",
    "400",
    p(list, 0.99),
    `p50 ${p(list, 0.5)}`,
    `sales equal raw SQL in ${equal} of 20`,
  );
  row("funnel of these periods, p99 ms", "", p(funnels, 0.99), `p50 ${p(funnels, 0.5)}`, size);
}

async function rest(pid: number) {
  await sleep(60_000);
  row("memory at rest, Pss MB (60 s idle)", customers > 20_000 ? "160" : "64", whole(pssMb(pid)), "", size);
}

async function starts(place: Prepared, admin: Session) {
  const list: number[] = [],
    spent: number[] = [];
  for (let i = 0; i < runs; i++) {
    const begun = performance.now();
    const running = await serve(place.data);
    const again = new Session(running.url);
    again.cookie = admin.cookie;
    again.csrf = admin.csrf;
    while ((await again.post("/api/v1/customers/lookup", { q: phoneOf(i) })).status !== 200) await sleep(5);
    list.push(performance.now() - begun);
    spent.push(cpuMs(running.process.pid as number));
    await sleep(2000);
    await running.stop();
  }
  row(
    "start until the first phone lookup, ms",
    "300",
    whole(median(list)),
    spread(list),
    `processor ${whole(median(spent))}; ${size}`,
  );
}

function print() {
  const head = ["what", "must", "figure", "spread", "beside", "load"];
  const width = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i].length)));
  const line = (cells: string[]) => `| ${cells.map((c, i) => c.padEnd(width[i])).join(" | ")} |`;
  console.log(
    `${new Date().toISOString()}  ${machine()}  ${size}  runs ${runs} × ${seconds} s, warm-up ${warmup} s, load: see the last column`,
  );
  for (const l of [line(head), line(width.map((w) => "-".repeat(w))), ...rows.map(line)]) console.log(l);
}

/** What was taken is shown, also when time is up or somebody stops it. */
function printAndLeave() {
  print();
  process.exit(1);
}

let place: Awaited<ReturnType<typeof prepared>> | undefined;
let running: Running | undefined;

/** The figures of an installation in files. */
async function embedded() {
  place = await prepared(customers, events);
  if (wanted("disk")) disk(place);
  running = await serve(place.data);
  const admin = await new Session(running.url).login(place.email, place.password);
  await lagMs(running.url);
  if (wanted("pages")) await pages(place, admin);
  if (wanted("rest")) await rest(running.process.pid as number);
  if (wanted("starts")) {
    await running.stop();
    await starts(place, admin);
    running = await serve(place.data);
  }
  if (wanted("ingest")) await ingest(place, running.url, running.process.pid as number);
}

process.on("SIGTERM", printAndLeave).on("SIGINT", printAndLeave);
try {
  if (wanted("postgres")) await postgres({ runs, seconds, warmup }, full, row);
  if (["disk", "pages", "rest", "starts", "ingest"].some(wanted)) await embedded();
} finally {
  print();
  await running?.stop();
  place?.remove();
}
