// The database's disk is full (tests/fault/faildisk.c, preloaded into PostgreSQL): of its tables, then what can't be stored is refused
// with 507; of its log, then the server itself goes down and comes back, again and again, and everything is refused with 503. Reads
// go on where there is a server, nothing acknowledged is lost, and it heals by itself.
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, faildisk, Session } from "../../harness";
import { Disk, ENOSPC, ops } from "../disk";
import { pause } from "../processes";
import { Cluster } from "./cluster";
import { healedWithinMs, noFigures, report, Shop } from "./shop";

let cluster: Cluster;
let disk: Disk;
let shop: Shop;
const figures = noFigures();
const answers: Record<string, number> = {};
beforeAll(async () => {
  const folder = Cluster.newFolder();
  chmodSync(folder, 0o755); // PostgreSQL has a user of its own
  const library = join(folder, "faildisk.so");
  copyFileSync(faildisk.preload.LD_PRELOAD, library);
  disk = new Disk(join(folder, "disk"));
  chmodSync(disk.path, 0o666);
  const env = { LD_PRELOAD: library, FAILDISK_DATA: join(folder, "data"), FAILDISK_CONTROL: disk.path };
  cluster = await Cluster.start([], env, folder);
  shop = await Shop.open({ url: cluster.url, program: `postgres://zhixin@127.0.0.1:${cluster.port}/postgres` });
  shop.clients.start(3);
});
afterAll(async () => {
  disk?.heal();
  await shop?.end();
  disk?.close();
  await cluster?.stop();
  console.log(report(`the database's disk full ${figures.healMs.length} times, answers meanwhile ${JSON.stringify(answers)}`, figures));
});

const health = async () => (await fetch(`${shop.running.url}/healthz`)).json() as Promise<{ status: string; database?: string; keys?: string }>;

/** Writes until one is refused; the status and code of that. */
async function refused(): Promise<string> {
  return eventually(async () => {
    const name = "王".repeat(100);
    const reply = await shop.admin.post("/api/v1/customers", { name, phones: [`137${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`] });
    const what = `${reply.status} ${reply.body?.error?.code ?? ""}`;
    answers[what] = (answers[what] ?? 0) + 1;
    return reply.status >= 500 && what;
  });
}

async function heals() {
  disk.heal();
  figures.healMs.push(await shop.writes(healedWithinMs() * 2)); // a server that went down reads its log first
  figures.mib.push(shop.memory());
  await eventually(async () => (await health()).status === "ok", healedWithinMs());
}

test("no room for tables: 507, reads and /healthz go on and say so, and with room again all is well", async () => {
  figures.mib.push(shop.memory());
  await shop.writes(healedWithinMs());
  disk.fail({ error: ENOSPC, operations: ops.write | ops.grow, file: "base/" });
  expect(await refused()).toBe("507 disk_full");
  const { status, database, keys } = await health(); // whichever of the two databases was written first
  expect([status, database ?? keys]).toEqual(["degraded", "full"]);
  expect((await shop.admin.get("/api/v1/customers?limit=5")).status).toBe(200);
  const page = await (await fetch(`${shop.running.url}/metrics`)).text();
  expect(page).toMatch(/^zhixin_database_full\{store="(truth|keys)"\} 1$/m);
  await heals();
});

test("no room for its log: the server is down, 503, and comes back by itself", async () => {
  disk.fail({ error: ENOSPC, operations: ops.write | ops.grow | ops.make, file: "pg_wal/" });
  expect(await refused()).toMatch(/^(503 database_away|503 busy|507 disk_full)$/);
  await pause(500);
  const someone = await new Session(shop.running.url).post("/api/v1/session", { email: shop.installation.email, password: shop.installation.password });
  expect([503, 507, 201, 200]).toContain(someone.status);
  disk.heal();
  try {
    await cluster.again(); // when it could not even start anew
  } catch {
    // it runs
  }
  await heals();
});

test("nothing acknowledged is lost, nothing stands twice", async () => {
  await shop.judge(figures);
  await shop.close();
});
