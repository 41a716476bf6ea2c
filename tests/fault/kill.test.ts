// kill -9 of server or vault at random moments under load, and power cuts in which all that was not fsynced is thrown away
// (tests/fault/powercut.c). Clients keep a ledger of what was acknowledged and send again what was not, as SDKs and tills do.
// Afterwards: nothing acknowledged is lost, nothing stands twice, the program was ready again within two seconds.
// Every second installation seals its event log into tiny segments, so that deaths also fall into the sealing of the tail.
// ZHIXIN_KILLS says how many, ZHIXIN_KEEP=1 leaves the folders for a look.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { binary, eventually, install, type Installation, loggedEvents, powercut, Session, zhixin } from "../harness";

const long = !!process.env.ZHIXIN_TEST_LONG;
const rounds = Number(process.env.ZHIXIN_KILLS ?? (long ? 10_000 : 200));
const roundsEach = 10; // kills of one installation
const readyMs = Number(process.env.ZHIXIN_READY_MS ?? 2000);
const segmentEvents = 200; // of an installation that seals often

await zhixin(["version"]); // without a program there is nothing to kill

const pause = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

/* ---- the program in a process group of its own ---- */

interface Started {
  url: string;
  child: ChildProcess;
  exited: Promise<void>;
  log(): string;
}

async function start(data: string, env: Record<string, string>): Promise<Started> {
  const child = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-200_000);
  });
  const exited = new Promise<void>((done) => {
    child.once("exit", () => done());
    child.once("error", () => done());
  });
  const url = await new Promise<string>((found, failed) => {
    child.once("error", failed);
    let out = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      const match = /listening on (http:\/\/\S+)/.exec(out);
      if (match) found(match[1]);
    });
    exited.then(() => failed(new Error(`zhixin serve ended: ${log}`)));
  });
  return { url, child, exited, log: () => log };
}

/** The processes that the supervisor started, by what they are. */
function childOf(supervisor: number, what: "server-process" | "vault-process"): number | null {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
      if (Number(parent?.[1]) === supervisor && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(what)) return Number(pid);
    } catch {
      // gone meanwhile
    }
  }
  return null;
}

const groupLives = (pgid: number) =>
  readdirSync("/proc").some((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
      return Number(fields[2]) === pgid && fields[0] !== "Z";
    } catch {
      return false;
    }
  });

const kill = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone already
  }
};

async function healthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) })).status === 200;
  } catch {
    return false;
  }
}

/** Milliseconds from `began` until /healthz is well and the vault opens names for a list of customers. */
async function ready(url: string, began: number, admin: Session): Promise<number> {
  const session = new Session(url);
  session.cookie = admin.cookie;
  const opens = async () => {
    try {
      return (await session.get("/api/v1/customers?limit=1")).status === 200;
    } catch {
      return false;
    }
  };
  while (!(await healthy(url)) || !(await opens())) {
    if (Date.now() - began > 20_000) throw new Error("never ready again");
    await pause(5);
  }
  return Date.now() - began;
}

/* ---- clients with a ledger ---- */

interface Parcel {
  path: string;
  key: string;
  body: string;
  messages: string[];
  receipt?: string;
  phone?: string;
}

class Clients {
  url = "";
  sent = 0;
  acknowledged: Parcel[] = [];
  private waiting: Parcel[] = [];
  private running = false;
  private workers: Promise<void>[] = [];
  private agent = new Agent({ keepAlive: true, maxSockets: 16 });
  private people = 0;
  constructor(
    readonly write: string,
    readonly till: string,
    readonly mark: string,
  ) {}

  private phone = () => `139${this.mark}${String(this.people++).padStart(5, "0")}`;

  private batch(): Parcel {
    const device = `d-${randomInt(1000)}`;
    const phone = this.phone();
    const events: any[] = Array.from({ length: 12 }, (_, i) => ({
      type: "track",
      event: "Product Viewed",
      anonymousId: device,
      messageId: randomUUID(),
      properties: { product_id: `K${i}`, price: 99.5, position: i },
    }));
    events.push({ type: "identify", userId: `u-${phone}`, anonymousId: device, messageId: randomUUID(), traits: { phone, name: "王小明" } });
    events.push({
      type: "track",
      event: "Order Completed",
      userId: `u-${phone}`,
      messageId: randomUUID(),
      properties: { order_id: `W${phone}`, total: 20, products: [{ sku: "K1", price: 10, quantity: 2 }] },
    });
    events.push({ ...events[0] }); // a repeat within the batch
    return { path: "/v1/batch", key: this.write, body: JSON.stringify({ batch: events }), messages: events.slice(0, 14).map((e) => e.messageId), phone };
  }

  private receipt(): Parcel {
    const phone = this.phone();
    const receipt = `R${phone}`;
    const line = { line_no: 1, sku: "K1", name: "衬衫", quantity: 1, list_price: "100.00", paid: "80.00", tax_rate: "13" };
    const body = {
      store: "SH01",
      till: "1",
      number: receipt,
      time: "2026-03-01T13:40:00+08:00",
      currency: "CNY",
      kind: "receipt",
      member: { phone },
      lines: [line, { ...line, line_no: 2 }],
      tenders: [{ type: "wechat", amount: "160.00" }],
    };
    return { path: "/api/v1/receipts", key: this.till, body: JSON.stringify(body), messages: [], receipt, phone };
  }

  /** Resolves with the status, 0 when the connection broke: then nobody knows whether it was taken. */
  private post(parcel: Parcel): Promise<number> {
    return new Promise((done) => {
      const { hostname, port } = new URL(this.url);
      const headers = {
        authorization: `Basic ${Buffer.from(`${parcel.key}:`).toString("base64")}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(parcel.body),
      };
      const call = request({ hostname, port, path: parcel.path, method: "POST", headers, agent: this.agent, timeout: 5000 }, (reply) => {
        reply.on("error", () => done(0));
        reply.resume().on("end", () => done(reply.complete ? reply.statusCode! : 0));
      });
      call.on("error", () => done(0));
      call.on("close", () => done(0)); // however it ended, somebody waits for it
      call.on("timeout", () => call.destroy());
      call.end(parcel.body);
    });
  }

  private async work(n: number) {
    while (this.running) {
      const parcel = this.waiting.shift() ?? (n % 3 === 0 ? this.receipt() : this.batch());
      const status = await this.post(parcel);
      this.sent++;
      if (status === 200) this.acknowledged.push(parcel);
      else this.waiting.push(parcel);
      if (status !== 200 && status !== 0 && status !== 503) throw new Error(`${parcel.path} answered ${status}: ${parcel.body.slice(0, 300)}`);
      if (status !== 200) await pause(10);
      if (status === 200 && randomInt(10) === 0) this.waiting.push(parcel); // a client that lost the answer
    }
  }

  start() {
    this.running = true;
    this.workers = Array.from({ length: 8 }, (_, n) => this.work(n));
  }
  async stop() {
    this.running = false;
    await Promise.all(this.workers);
    this.agent.destroy();
    this.agent = new Agent({ keepAlive: true, maxSockets: 16 });
  }
}

/* ---- comparing ---- */

interface Findings {
  lost: string[];
  doubled: string[];
}

/** Compares the ledger with the log on disk and with what the API tells of receipts and orders. */
async function compare(data: string, admin: Session, clients: Clients): Promise<Findings> {
  const found: Findings = { lost: [], doubled: [] };
  const judge = (name: string, times: Map<string, number>, acknowledged: Iterable<string>) => {
    for (const id of new Set(acknowledged)) if (!times.get(id)) found.lost.push(`${name} ${id}`);
    for (const [id, n] of times) if (n > 1) found.doubled.push(`${name} ${id} ×${n}`);
  };
  const count = (list: string[]) => {
    const times = new Map<string, number>();
    for (const id of list) times.set(id, (times.get(id) ?? 0) + 1);
    return times;
  };
  judge("event", count((await loggedEvents(data)).map((e) => e.message_id)), clients.acknowledged.flatMap((p) => p.messages));
  const documents: any[] = [];
  for (let after = ""; ; ) {
    const page = (await admin.get(`/api/v1/orders?limit=200${after}`)).body;
    documents.push(...page.items);
    if (!page.next) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  const numbers = count(documents.map((d) => d.number));
  judge("receipt", numbers, clients.acknowledged.filter((p) => p.receipt).map((p) => p.receipt!));
  judge("order", numbers, clients.acknowledged.filter((p) => !p.receipt).map((p) => `W${p.phone}`));
  for (const d of documents) {
    const wanted = d.number.startsWith("R") ? "160.00" : "20.00";
    if (d.total !== wanted) found.doubled.push(`${d.number} has ${d.total} instead of ${wanted}`);
  }
  // The people of a few parcels are found, each once, with what she bought.
  for (let i = 0; i < 5 && clients.acknowledged.length; i++) {
    const parcel = clients.acknowledged[randomInt(clients.acknowledged.length)];
    const answer = (await admin.post("/api/v1/customers/lookup", { q: parcel.phone })).body;
    if (answer.kind !== "exact") found.lost.push(`person ${parcel.phone}`);
    else if (answer.items[0].orders !== 1) found.doubled.push(`person ${parcel.phone} has ${answer.items[0].orders} orders`);
  }
  return found;
}

/* ---- rounds ---- */

interface Totals {
  server: number;
  vault: number;
  powerCuts: number;
  acknowledged: number;
  receipts: number;
  lost: number;
  doubled: number;
  segments: number;
  readyMs: number[];
}

async function newInstallation(): Promise<{ installation: Installation; write: string; till: string }> {
  const installation = await install();
  const key = async (kind: string, source: string) => (await zhixin(["key", "create", "--data", installation.data, "--kind", kind, "--source", source, "--trusted"])).trim();
  return { installation, write: await key("write", "shop-server"), till: await key("api", "till") };
}

const noTotals = (): Totals => ({ server: 0, vault: 0, powerCuts: 0, acknowledged: 0, receipts: 0, lost: 0, doubled: 0, segments: 0, readyMs: [] });
const killsOf = (totals: Totals) => totals.server + totals.vault + totals.powerCuts;
/** All that was done in this file, for the line at its end. */
const all = noTotals();
function add(to: Totals, one: Totals) {
  for (const key of ["server", "vault", "powerCuts", "acknowledged", "receipts", "lost", "doubled", "segments"] as const) to[key] += one[key];
  to.readyMs.push(...one.readyMs);
}

const sqlite = (data: string, statement: string) => execFileSync("sqlite3", [join(data, "zhixin.db"), statement], { encoding: "utf8" }).trim();

/** One installation, several kills. The first start makes the store. */
async function campaign(n: number, kills: number, cuts: boolean, totals: Totals, env: Record<string, string> = {}): Promise<Findings> {
  const { installation, write, till } = await newInstallation();
  const undo = join(dirname(installation.data), "undo");
  mkdirSync(undo);
  const often = n % 2 ? { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: String(segmentEvents) } : {};
  const preload = { ...often, ...(cuts ? { ...powercut.preload, POWERCUT_DATA: installation.data, POWERCUT_UNDO: undo, ...env } : {}) };
  let running = await start(installation.data, often);
  const admin = await new Session(running.url).login(installation.email, installation.password);
  await admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] });
  if (cuts) {
    running.child.kill("SIGTERM");
    await running.exited;
    running = await start(installation.data, preload);
  }
  const clients = new Clients(write, till, String(n % 1000).padStart(3, "0"));
  clients.url = running.url;
  try {
    for (let i = 0; i < kills; i++) {
      clients.start();
      await pause(randomInt(30, 400));
      const pid = running.child.pid!;
      if (cuts) {
        kill(-pid);
        await running.exited;
        while (groupLives(pid)) await pause(2);
        await clients.stop();
        await powercut.undo(undo);
        const began = Date.now();
        running = await start(installation.data, preload);
        clients.url = running.url;
        totals.readyMs.push(await ready(running.url, began, admin));
        totals.powerCuts++;
      } else {
        const what = randomInt(2) ? "server" : "vault";
        const victim = childOf(pid, `${what}-process`);
        const began = Date.now();
        if (victim) kill(victim);
        await eventually(async () => !victim || !existsSync(`/proc/${victim}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${victim}/status`, "utf8")), 5000).catch(() => {});
        totals.readyMs.push(await ready(running.url, began, admin));
        await clients.stop();
        if (victim) totals[what]++;
        else i--; // it was just being started anew
      }
    }
    const again = await new Session(running.url).login(installation.email, installation.password);
    const found = await compare(installation.data, again, clients);
    totals.acknowledged += new Set(clients.acknowledged.flatMap((p) => p.messages)).size;
    totals.receipts += new Set(clients.acknowledged.flatMap((p) => p.receipt ?? [])).size;
    running.child.kill("SIGTERM");
    await running.exited;
    await zhixin(["verify", "--data", installation.data]);
    const check = sqlite(installation.data, "PRAGMA integrity_check");
    if (check !== "ok") found.lost.push(`integrity_check: ${check}`);
    totals.segments += Number(sqlite(installation.data, "SELECT count(*) FROM event_segment"));
    totals.lost += found.lost.length;
    totals.doubled += found.doubled.length;
    return found;
  } catch (e) {
    throw new Error(`${e instanceof Error ? e.stack : e}\n${running.log().slice(-4000)}`);
  } finally {
    kill(-running.child.pid!);
    await running.exited;
    while (groupLives(running.child.pid!)) await pause(2);
    if (process.env.ZHIXIN_KEEP) console.log(`kept ${installation.data}`);
    else rmSync(dirname(installation.data), { recursive: true, force: true });
  }
}

const report = (totals: Totals) => {
  const sorted = [...totals.readyMs].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return (
    `faults: kill -9 of server ${totals.server}, of vault ${totals.vault}, power cuts ${totals.powerCuts}; ${totals.segments} segments sealed meanwhile; acknowledged ` +
    `${totals.acknowledged} events and ${totals.receipts} receipts, lost ${totals.lost}, doubled ${totals.doubled}; ready again: median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)} ms`
  );
};

for (const cuts of [false, true])
  test(
    `${rounds / 2} ${cuts ? "power cuts" : "kills of server or vault"} under load lose nothing and double nothing`,
    async () => {
      const totals = noTotals();
      try {
        for (let n = 0; killsOf(totals) < rounds / 2; n++) {
          const found = await campaign(n, Math.min(roundsEach, rounds / 2 - killsOf(totals)), cuts, totals);
          expect(found, report(totals)).toEqual({ lost: [], doubled: [] });
        }
      } finally {
        add(all, totals);
      }
      expect(totals.acknowledged).toBeGreaterThan(killsOf(totals));
      if (rounds / 2 > roundsEach) expect(totals.segments, "the tail was sealed while they died").toBeGreaterThan(0);
      expect(Math.max(...totals.readyMs)).toBeLessThanOrEqual(readyMs);
    },
    (rounds / 2) * 15_000,
  );

test("a disk that lies about fsync is found out: these tests can fail", async () => {
  const totals = noTotals();
  let lost = 0;
  for (let n = 0; n < 5 && lost === 0; n++) {
    const found = await campaign(900 + n, 2, true, totals, { POWERCUT_LIE: "1" }).catch((e) => ({ lost: [`it does not open any more: ${String(e).slice(0, 200)}`], doubled: [] }));
    lost = found.lost.length;
    console.log(`lying disk: ${lost} lost, such as ${found.lost[0]}`);
  }
  expect(lost).toBeGreaterThan(0);
}, 120_000);

afterAll(() => console.log(report(all)));
