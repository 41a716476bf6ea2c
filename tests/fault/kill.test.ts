// kill -9 of server or vault at random moments under load, and power cuts in which all that was not fsynced is thrown away
// (tests/fault/powercut.c). Clients keep a ledger of what was acknowledged and send again what was not, as SDKs and tills do.
// Afterwards: nothing acknowledged is lost, nothing stands twice, the program was ready again within two seconds (or what is two
// seconds to a slow machine).
// Every second installation seals its event log into tiny segments, so that deaths also fall into the sealing of the tail.
// ZHIXIN_KILLS says how many, ZHIXIN_KEEP=1 leaves the folders for a look.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { binary, eventually, install, type Installation, powercut, promised, Session, startsMs, zhixin } from "../harness";
import { Clients, compare, type Findings } from "./clients";
import { childOf, groupLives, kill, pause } from "./processes";

const long = !!process.env.ZHIXIN_TEST_LONG;
const rounds = Number(process.env.ZHIXIN_KILLS ?? (long ? 10_000 : 200));
const roundsEach = 10; // kills of one installation
const readyMs = Number(process.env.ZHIXIN_READY_MS ?? 2000);
const segmentEvents = 200; // of an installation that seals often

await zhixin(["version"]); // without a program there is nothing to kill

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
    if (Date.now() - began > 120_000) throw new Error("never ready again");
    await pause(5);
  }
  return Date.now() - began;
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
  const often: Record<string, string> = n % 2 ? { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: String(segmentEvents) } : {};
  const preload: Record<string, string> = { ...often, ...(cuts ? { ...powercut.preload, POWERCUT_DATA: installation.data, POWERCUT_UNDO: undo, ...env } : {}) };
  const began = Date.now();
  let running = await start(installation.data, often);
  startsMs.push(Date.now() - began);
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

// Both at once: each mostly waits for what it killed.
for (const cuts of [false, true])
  test.concurrent(
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
      expect(Math.max(...totals.readyMs)).toBeLessThanOrEqual(promised(readyMs));
    },
    600_000 + rounds * 120_000,
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
});

afterAll(() => console.log(report(all)));
