// kill -9 of PostgreSQL, the server and all its processes, under load, and started again: nothing acknowledged is lost, nothing
// stands twice, writes are taken again within five seconds after the server accepts connections. ZHIXIN_PG_KILLS says how many.
import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { folderBeside, type Running, serve } from "../../harness";
import { pause } from "../processes";
import { Cluster } from "./cluster";
import { type Figures, healedWithinMs, noFigures, report, Shop } from "./shop";

const kills = Number(process.env.ZHIXIN_PG_KILLS ?? (process.env.ZHIXIN_TEST_LONG ? 50 : 6));
const figures = noFigures(),
  late = noFigures();
let forgotten = 0;
afterAll(() => {
  console.log(report(`kill -9 of PostgreSQL ${figures.healMs.length}`, figures));
  console.log(report(`kill -9 of PostgreSQL under two servers, its disk late ${late.healMs.length}, commits forgotten by it ${forgotten} times`, late));
});

/** Waits for a moment in which something is committed that is not on disk. */
async function unsynced(shop: Shop) {
  for (let n = 0; n < 200 && shop.installation.sql("SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()") !== "t"; n++) await pause(5);
}

async function killAndStart(cluster: Cluster, shop: Shop, figures: Figures, { whenUnsynced = false, withinMs = healedWithinMs() } = {}) {
  shop.clients.start(8);
  await pause(500);
  figures.mib.push(shop.memory());
  for (let n = 0; n < kills; n++) {
    await pause(randomInt(50, 500));
    if (whenUnsynced) await unsynced(shop);
    await cluster.kill();
    if (n % 4 === 3) await pause(2500); // gone for longer
    await cluster.again();
    figures.healMs.push(await shop.writes(withinMs));
    figures.mib.push(shop.memory());
  }
  await shop.judge(figures);
}

const program = (cluster: Cluster) => ({ url: cluster.url, program: `postgres://zhixin@127.0.0.1:${cluster.port}/postgres` });

test(`${kills} kills of PostgreSQL under load`, async () => {
  const cluster = await Cluster.start();
  const shop = await Shop.open(program(cluster));
  try {
    await killAndStart(cluster, shop, figures);
    await shop.close();
    expect(figures.mib.at(-1)! - figures.mib[0], "the server's memory grew by").toBeLessThan(120);
  } catch (e) {
    throw new Error(`${e instanceof Error ? e.stack : e}\n${shop.running.log().slice(-4000)}`);
  } finally {
    await shop.end();
    await cluster.stop();
  }
}, 600_000 + kills * 120_000);

// A tenth of a second lies between a commit and its sync, so nearly every kill makes PostgreSQL forget transactions that both
// servers know of already, from themselves or from each other.
test(`${kills} kills of PostgreSQL that forgets what was not synced yet, under two servers`, async () => {
  const cluster = await Cluster.start(["-c", "commit_delay=100000", "-c", "commit_siblings=0", "-c", "wal_writer_delay=10s"]);
  const shop = await Shop.open(program(cluster));
  const folder = folderBeside(shop.installation.data);
  let second: Running | undefined;
  try {
    second = await serve(folder, { env: { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: "3000" } });
    shop.clients.others = [second.url];
    await killAndStart(cluster, shop, late, { whenUnsynced: true, withinMs: 3 * healedWithinMs() }); // a server that starts anew with it
    forgotten = `${shop.running.log()}${second.log()}`.split("db.commits_lost").length - 1;
    expect(await second.stop()).toBe(0);
    await shop.close();
    expect(forgotten).toBeGreaterThan(0);
  } catch (e) {
    throw new Error(`${e instanceof Error ? e.stack : e}\n${shop.running.log().slice(-4000)}\n${second?.log().slice(-4000)}`);
  } finally {
    if (second?.process.exitCode === null) await second.stop("SIGKILL");
    await shop.end();
    rmSync(folder, { recursive: true, force: true });
    await cluster.stop();
  }
}, 600_000 + kills * 120_000);
