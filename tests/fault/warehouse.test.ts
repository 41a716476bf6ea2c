// The warehouse is derived: deleted, cut, zeroed, flipped or replaced by anything, with or without its write-ahead log
// beside it, it comes back by itself with the same logical hash of every table. Damage is done while the program is stopped.
// ZHIXIN_DAMAGES says how many times, ZHIXIN_SEED which damage.
import { execFileSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Installation, install, Session, serve, withKey, zhixin } from "../harness";

const rounds = Number(process.env.ZHIXIN_DAMAGES ?? (process.env.ZHIXIN_TEST_LONG ? 1000 : 60));
const seed = Number(process.env.ZHIXIN_SEED ?? randomInt(1 << 30));

/** Mulberry32: the same seed does the same damage. */
let state = seed;
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

let installation: Installation;
let wanted: string[]; // the lines of `verify` that tell each store's content
const file = (name: string) => join(installation.data, name);
const lines = (text: string) => text.split("\n").filter((line) => /hash=/.test(line) && !line.startsWith("truth"));

/* ---- a small retailer ---- */

const day = (n: number) => `2026-03-${String(1 + (n % 28)).padStart(2, "0")}T${String(10 + (n % 10)).padStart(2, "0")}:40:00+08:00`;

async function fill(url: string, shop: string, till: string, from: number, count: number) {
  const receipts = Array.from({ length: count }, (_, i) => ({
    store: "SH01",
    till: "1",
    number: `R${from + i}`,
    time: day(i),
    currency: "CNY",
    kind: "receipt",
    member: { phone: `138${String(from + (i % 40)).padStart(8, "0")}` },
    lines: [{ line_no: 1, sku: `K${i % 9}-M`, name: "裙", quantity: 1 + (i % 3), list_price: "599.00", paid: `${300 + i}.00`, tax_rate: "13" }],
    tenders: [{ type: "wechat", amount: `${300 + i}.00` }],
  }));
  expect((await withKey(url, till, "/api/v1/receipts", { receipts })).status).toBe(200);
  const batch: object[] = Array.from({ length: count }, (_, i) => {
    const common = { anonymousId: `d${from + (i % 30)}`, messageId: `m${from + i}`, timestamp: day(i) };
    if (i % 10 === 0) return { ...common, type: "identify", userId: `u${from + (i % 40)}`, traits: { phone: `138${String(from + (i % 40)).padStart(8, "0")}`, name: "王小明" } };
    if (i % 10 === 1)
      return { ...common, type: "track", userId: `u${from + (i % 40)}`, event: "Order Completed", properties: { order_id: `W${from + i}`, total: 20, products: [{ sku: "K1-M", price: 10, quantity: 2 }] } };
    return { ...common, type: "track", event: i % 3 ? "Product Viewed" : "Product Added", properties: { product_id: `K${i % 9}`, price: 99.5 } };
  });
  expect((await withKey(url, shop, "/v1/batch", { batch })).status).toBe(200);
}

const caughtUp = (admin: Session) =>
  eventually(async () => {
    const { status, body } = await admin.get("/api/v1/overview?from=2026-03-01&to=2026-03-31");
    return status === 200 && body.lag_ms === 0;
  });

/** What the damage is done to: the file alone as a clean stop leaves it, or with the log that a kill leaves beside it. */
const kinds = ["clean", "killed"] as const;
const kept = (kind: string, name: string) => join(dirname(installation.data), `${kind}.${name}`);
const names = ["warehouse.duckdb", "warehouse.duckdb.wal"];

function keep(kind: string) {
  for (const name of names) if (existsSync(file(name))) copyFileSync(file(name), kept(kind, name));
}
function restore(kind: string) {
  for (const name of [...names, "warehouse.duckdb.new", "warehouse.duckdb.bad", "warehouse.duckdb.aside", "warehouse.duckdb.wal.aside"]) rmSync(file(name), { force: true, recursive: true });
  for (const name of names) if (existsSync(kept(kind, name))) copyFileSync(kept(kind, name), file(name));
}

beforeAll(async () => {
  installation = await install();
  const key = async (kind: string, source: string) => (await zhixin(["key", "create", "--data", installation.data, "--kind", kind, "--source", source, "--trusted"])).trim();
  const [shop, till] = [await key("write", "shop"), await key("api", "till")];
  // Some of the log in segments, some in its tail.
  const env = { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: "150" };
  const first = await serve(installation.data, { env });
  const admin = await new Session(first.url).login(installation.email, installation.password);
  await admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] });
  for (let n = 0; n < 4; n++) await fill(first.url, shop, till, n * 1000, 120);
  await caughtUp(admin);
  await first.stop();
  keep("clean");
  const second = await serve(installation.data, { env });
  await fill(second.url, shop, till, 9000, 60);
  admin.cookie = (await new Session(second.url).login(installation.email, installation.password)).cookie;
  await caughtUp(Object.assign(new Session(second.url), { cookie: admin.cookie }));
  // The vault first: the supervisor ends its children when it is killed, and a clean stop leaves no log.
  const processes = execFileSync("pgrep", ["-P", String(second.process.pid)], { encoding: "utf8" }).split("\n").filter(Boolean);
  process.kill(second.process.pid!, "SIGSTOP");
  for (const pid of processes) process.kill(Number(pid), "SIGKILL");
  process.kill(second.process.pid!, "SIGKILL");
  await second.exited;
  const lives = (pid: string) => existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  await eventually(async () => !processes.some(lives), 60_000);
  keep("killed");
  expect(existsSync(kept("killed", "warehouse.duckdb.wal"))).toBe(true);
  wanted = lines(await zhixin(["rebuild", "--data", installation.data]));
  const verified = lines(await zhixin(["verify", "--data", installation.data]));
  wanted = verified.filter((line) => line.startsWith("eventlog")).concat(wanted);
  expect(verified).toEqual(wanted);
  expect(wanted.length).toBeGreaterThan(8);
});
afterAll(() => installation?.remove());

/* ---- damage ---- */

const flip = (name: string, times: number) => {
  const bytes = readFileSync(file(name));
  for (let i = 0; i < times && bytes.length; i++) bytes[random(bytes.length)] ^= 1 << random(8);
  writeFileSync(file(name), bytes);
};
const zero = (name: string, share: number) => {
  const bytes = readFileSync(file(name));
  const from = random(bytes.length + 1);
  bytes.fill(0, from, Math.min(bytes.length, from + 1 + random(Math.ceil(bytes.length * share) + 1)));
  writeFileSync(file(name), bytes);
};
const damages: Record<string, (name: string) => void> = {
  "one bit flipped": (name) => flip(name, 1),
  "a hundred bits flipped": (name) => flip(name, 100),
  "a bit of its head flipped": (name) => {
    const bytes = readFileSync(file(name));
    if (bytes.length) bytes[random(Math.min(bytes.length, 12_288))] ^= 1 << random(8);
    writeFileSync(file(name), bytes);
  },
  "cut anywhere": (name) => truncateSync(file(name), random(statSync(file(name)).size + 1)),
  "cut to nothing": (name) => truncateSync(file(name), 0),
  "a run of it zeroed": (name) => zero(name, 0.3),
  "all of it zeroed": (name) => writeFileSync(file(name), Buffer.alloc(statSync(file(name)).size)),
  "replaced by noise": (name) => writeFileSync(file(name), randomBytes(1 + random(300_000))),
  "replaced by text": (name) => writeFileSync(file(name), "this is no database\n".repeat(1 + random(1000))),
  "longer than it was": (name) => writeFileSync(file(name), Buffer.concat([readFileSync(file(name)), randomBytes(5000)])),
  deleted: (name) => rmSync(file(name)),
  "a folder in its place": (name) => {
    rmSync(file(name));
    mkdirSync(file(name));
  },
  "an older one in its place": (name) => {
    if (name === names[0]) copyFileSync(kept("clean", name), file(name));
  },
};

const verify = async () => {
  try {
    return { status: 0, text: await zhixin(["verify", "--data", installation.data]) };
  } catch (e: any) {
    return { status: (e.code ?? e.signal) as number | string, text: `${e.stdout}${e.stderr}` };
  }
};

test(`damaged ${rounds} times, it is the same again`, async () => {
  const tally = { rounds: 0, "at once": 0, "found by verify": 0, served: 0 };
  const bad: string[] = [];
  const list = Object.keys(damages);
  for (let n = 0; n < rounds && bad.length < 5; n++) {
    const kind = kinds[random(kinds.length)];
    const how = list[n % list.length];
    restore(kind);
    const name = names[existsSync(file(names[1])) ? random(2) : 0];
    const what = `round ${n} of seed ${seed}: ${name} of a ${kind} program, ${how}`;
    damages[how](name);
    tally.rounds++;
    if (n % 10 === 9) {
      // Served: it starts, is up to date, and stops well.
      const running = await serve(installation.data);
      const admin = await new Session(running.url).login(installation.email, installation.password);
      await caughtUp(admin).catch((e) => bad.push(`${what}: the overview: ${e}`));
      if ((await running.stop()) !== 0) bad.push(`${what}: it did not stop well: ${running.log().slice(-1000)}`);
      if (/supervisor.child_ended/.test(running.log())) bad.push(`${what}: a process died: ${running.log().slice(-1000)}`);
      tally.served++;
    }
    let got = await verify();
    // Damage in a place that nobody had read yet: verify says so, and it is mended then.
    if (got.status !== 0 && typeof got.status === "number" && got.status === 1) {
      tally["found by verify"]++;
      got = await verify();
    } else tally["at once"]++;
    if (got.status !== 0) bad.push(`${what}: verify ended with ${got.status}: ${got.text.slice(-1500)}`);
    else if (lines(got.text).join("\n") !== wanted.join("\n")) bad.push(`${what}: other hashes: ${got.text}`);
  }
  console.log(`faults: warehouse damaged ${tally.rounds} times (${tally["at once"]} made good at start, ${tally["found by verify"]} found by verify and then made good, ${tally.served} served in between), other hashes ${bad.length}; seed ${seed}`);
  expect(bad).toEqual([]);
}, 600_000 + rounds * 120_000);

test("what is hashed is every cell: one changed in the truth shows", async () => {
  restore("clean");
  execFileSync("sqlite3", [file("zhixin.db"), "UPDATE sale_line SET paid_minor = paid_minor + 1 WHERE sale_id = (SELECT min(sale_id) FROM sale_line)"]);
  const { status, text } = await verify();
  expect(status, "the warehouse says another thing than the truth").toBe(1);
  expect(lines(text).join("\n")).toBe(wanted.join("\n"));
  expect(lines(await zhixin(["rebuild", "--data", installation.data])).join("\n")).not.toBe(wanted.filter((l) => l.startsWith("warehouse")).join("\n"));
  expect((await verify()).status).toBe(0);
});
