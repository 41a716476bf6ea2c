// The primary is killed under load and its synchronous standby takes over; the program knows both by its URL and goes on at the one
// that takes writes. Then the new primary gets a standby of its own, and so on. ZHIXIN_FAILOVERS says how often.
import { randomInt } from "node:crypto";
import { afterAll, test } from "vitest";
import { eventually, freePort } from "../../harness";
import { pause } from "../processes";
import { Cluster } from "./cluster";
import { healedWithinMs, noFigures, report, Shop } from "./shop";

const failovers = Number(process.env.ZHIXIN_FAILOVERS ?? (process.env.ZHIXIN_TEST_LONG ? 10 : 2));
const figures = noFigures();
afterAll(() => console.log(report(`failovers to a standby ${figures.healMs.length}`, figures)));

/** A standby without which the primary acknowledges nothing. */
async function follow(primary: Cluster, port: number): Promise<Cluster> {
  const standby = await primary.standby(port);
  primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  primary.sql("SELECT pg_reload_conf()");
  await eventually(async () => primary.sql("SELECT sync_state FROM pg_stat_replication") === "sync");
  return standby;
}

test(`${failovers} failovers under load`, async () => {
  let primary = await Cluster.start();
  let standby: Cluster | null = null;
  let shop: Shop | undefined;
  try {
    standby = await follow(primary, await freePort());
    const hosts = `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`;
    const server = { url: primary.url, program: `postgres://zhixin@${hosts}/postgres?target_session_attrs=read-write` };
    shop = await Shop.open(server);
    shop.clients.start(8);
    await pause(500);
    figures.mib.push(shop.memory());
    for (let n = 0; n < failovers; n++) {
      await pause(randomInt(200, 1000));
      await primary.kill();
      await standby.promote();
      figures.healMs.push(await shop.writes(healedWithinMs()));
      figures.mib.push(shop.memory());
      const port = primary.port;
      await primary.stop();
      primary = standby;
      server.url = primary.url;
      standby = null;
      standby = await follow(primary, port);
    }
    await shop.judge(figures);
    await shop.close();
  } catch (e) {
    throw new Error(`${e instanceof Error ? e.stack : e}\n${shop?.running.log().slice(-4000)}`);
  } finally {
    await shop?.end();
    await standby?.stop();
    await primary.stop();
  }
}, 600_000 + failovers * 600_000);
