// The figures of an installation whose truth is on PostgreSQL: a private server, with the peer's own inserts on that same
// server, in turns.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { folderBeside, install, type Running, Session, serve, zhixin } from "../tests/harness";
import { Asker, type Load, limitCores, median, metric, portOf, quantile, runLoad, sleep, times } from "./machine";
import { insert, schema } from "./peer";
import { phoneOf } from "./prepared";

/** As an operator would set it on this machine; everything that makes a commit durable is on. */
const settings = [
  "max_connections=300",
  "shared_buffers=1GB",
  "max_wal_size=4GB",
  "fsync=on",
  "synchronous_commit=on",
].flatMap((s) => ["-c", s]);

export interface Row {
  (what: string, must: string, figure: string, spread?: string, beside?: string): void;
}
export interface Sizes {
  runs: number;
  seconds: number;
  warmup: number;
}

const whole = (n: number) => Math.round(n).toLocaleString("en-US");
const range = (list: number[], show: (n: number) => string = whole) =>
  `${show(Math.min(...list))}–${show(Math.max(...list))}`;
const PEOPLE = 20_000;

class Server {
  readonly folder = mkdtempSync(join(tmpdir(), "zhixin-bench-pg-"));
  readonly url: string;
  private readonly script = join(this.folder, "insert.sql");

  constructor() {
    execFileSync("chmod", ["755", this.folder]);
    this.url = execFileSync("tools/postgres.sh", ["start", join(this.folder, "server"), ...settings], {
      encoding: "utf8",
    }).trim();
    writeFileSync(this.script, insert);
    execFileSync("psql", ["-X", "-q", this.url, "-c", "CREATE DATABASE peer TEMPLATE template0"]);
    execFileSync("psql", ["-X", "-q", this.peer(), "-c", schema]);
  }
  private peer = () => this.url.replace("/postgres?", "/peer?");

  /** Durable inserts of one row each by 16 clients with prepared statements, a second. */
  async insertsPerSecond(seconds: number): Promise<number> {
    const args = ["-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", String(seconds), "-f", this.script, this.peer()];
    const { stdout } = await promisify(execFile)("/usr/lib/postgresql/15/bin/pgbench", args);
    return Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  }
  stop() {
    execFileSync("tools/postgres.sh", ["stop", join(this.folder, "server")]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const sum = (loads: Load[], of: (l: Load) => number) => loads.reduce((s, l) => s + of(l), 0);

/** The load through one server, and the same connections shared by two. */
async function throughServers(servers: Running[], shop: string, options: Record<string, number>) {
  const connections = 64 / servers.length;
  return Promise.all(
    servers.map((s, i) =>
      runLoad(portOf(s.url), shop, { ...options, connections, seed: (Date.now() % 1_000_000) * 2 + i }),
    ),
  );
}

/** What a load left is followed and sealed: the next one is measured from rest. */
async function atRest(servers: Running[]) {
  const tail = () => metric(servers[0].url, "zhixin_eventlog_tail_events");
  for (const { url } of servers) while ((await metric(url, "zhixin_warehouse_lag_seconds")) > 0) await sleep(100);
  for (let before = -1, now = await tail(); now !== before; now = await tail()) {
    before = now;
    await sleep(1500);
  }
}

async function ingest(server: Server, servers: Running[], shop: string, { runs, seconds, warmup }: Sizes, row: Row) {
  const common = { seconds, warmup, customers: PEOPLE };
  const theirs: number[] = [],
    one: number[] = [],
    two: number[] = [],
    many: number[] = [],
    twoMany: number[] = [],
    p99: number[] = [];
  const ratios: number[] = [],
    shares: number[] = [],
    manyShares: number[] = [];
  let failed = 0;
  for (let i = 0; i < runs; i++) {
    theirs.push(await server.insertsPerSecond(seconds));
    const through = async (list: Running[], batch: number) => {
      await atRest(servers);
      return throughServers(list, shop, { ...common, batch });
    };
    const loads: Record<string, Load[]> = {};
    for (const batch of [1, 100])
      for (const list of i % 2 ? [servers, servers.slice(0, 1)] : [servers.slice(0, 1), servers])
        loads[`${batch} ${list.length}`] = await through(list, batch);
    const [single] = loads["1 1"],
      both = loads["1 2"],
      [batch] = loads["100 1"],
      bothBatch = loads["100 2"];
    one.push(single.events_per_s);
    p99.push(single.p99_ms);
    two.push(sum(both, (l) => l.events_per_s));
    many.push(batch.events_per_s);
    twoMany.push(sum(bothBatch, (l) => l.events_per_s));
    manyShares.push(twoMany[i] / many[i]);
    ratios.push(one[i] / theirs[i]);
    shares.push(two[i] / one[i]);
    failed += sum([single, ...both, batch, ...bothBatch], (l) => l.failed);
  }
  const two_digits = (n: number) => n.toFixed(2);
  row("single-row inserts, 16 prepared clients, a second", "", whole(median(theirs)), range(theirs), "the same server");
  row(
    "one event a POST, truth on PostgreSQL, events/s",
    "1.5 × these",
    whole(median(one)),
    range(one),
    `${two_digits(median(ratios))} × (${range(ratios, two_digits)}), p99 ${median(p99)} ms, failed ${failed}`,
  );
  row(
    "the same 64 connections, two servers on one database, events/s",
    "not slower",
    whole(median(two)),
    range(two),
    `${two_digits(median(shares))} × one (${range(shares, two_digits)})`,
  );
  row("batches of 100, truth on PostgreSQL, events/s", "40,000", whole(median(many)), range(many));
  row(
    "batches of 100, two servers on one database, events/s",
    "not slower",
    whole(median(twoMany)),
    range(twoMany),
    `${two_digits(median(manyShares))} × one (${range(manyShares, two_digits)})`,
  );
}

const CORES = 0.4;
/** One machine has no room for two servers, their database and their clients: so each server gets a part of a core, which leaves the
 *  database enough, and one is compared with two of that size. */
async function small(servers: Running[], shop: string, { runs, seconds, warmup }: Sizes, row: Row) {
  for (const batch of [1, 100]) {
    const rates: number[][] = [[], []];
    for (let i = 0; i < runs; i++)
      for (const count of i % 2 ? [2, 1] : [1, 2]) {
        await atRest(servers);
        const loads = await throughServers(servers.slice(0, count), shop, { seconds, warmup, customers: PEOPLE, batch });
        rates[count - 1].push(sum(loads, (l) => l.events_per_s));
      }
    const shares = rates[0].map((one, i) => rates[1][i] / one);
    row(
      `${batch === 1 ? "single events" : "batches of 100"}, two servers of ${CORES} cores each, events/s`,
      "not slower",
      whole(median(rates[1])),
      range(rates[1]),
      `${median(shares).toFixed(2)} × one (${range(shares, (n) => n.toFixed(2))}), which has ${whole(median(rates[0]))}`,
    );
  }
}

async function lookups(session: Session, full: boolean, row: Row) {
  while ((await metric(session.url, "zhixin_vault_index_ready")) !== 1) await sleep(50);
  while ((await metric(session.url, "zhixin_warehouse_lag_seconds")) > 0) await sleep(100);
  await sleep(3000); // what followed the load is at rest, as it is for the same figure of files
  const admin = new Asker(session);
  const ask = (i: number) => admin.post("/api/v1/customers/lookup", { q: phoneOf((i * 7919) % PEOPLE) });
  if ((await ask(0)).body.items.length !== 1) throw new Error("lookup: nobody");
  await times(4000, ask); // until this client has compiled and grown what it asks with: its pauses of 4 to 15 ms would be the server's
  const list = await times(full ? 5000 : 2000, ask);
  admin.end();
  row(
    "lookup by phone, truth on PostgreSQL, p99 ms",
    "5",
    quantile(list, 0.99).toFixed(1),
    `p50 ${quantile(list, 0.5).toFixed(1)}`,
    `${whole(PEOPLE)} customers`,
  );
}

export async function postgres(sizes: Sizes, full: boolean, row: Row) {
  const server = new Server();
  const place = await install(undefined, { url: server.url });
  const copy = folderBeside(place.data);
  let servers: Running[] = [];
  let limits: ReturnType<typeof limitCores>[] = [];
  try {
    const key = async (name: string, ...more: string[]) =>
      (await zhixin(["key", "create", "--data", place.data, "--kind", "write", "--source", name, ...more])).trim();
    const crm = await key("crm", "--trusted"),
      shop = await key("shop");
    servers = [await serve(place.data), await serve(copy)];
    const people = { people: true as const, customers: PEOPLE, batch: 100, connections: 16, seconds: 600 };
    await runLoad(portOf(servers[0].url), crm, people);
    await lookups(await new Session(servers[0].url).login(place.email, place.password), full, row);
    await ingest(server, servers, shop, sizes, row);
    limits = servers.map((s) => limitCores(s.process.pid as number, CORES));
    if (limits.includes(null)) console.log(`servers of ${CORES} cores: no control groups to be had here`);
    else await small(servers, shop, sizes, row);
  } finally {
    for (const s of servers) await s.stop();
    for (const end of limits) end?.();
    rmSync(copy, { recursive: true, force: true });
    place.remove();
    server.stop();
  }
}
