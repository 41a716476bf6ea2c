// kill -9 of PostgreSQL, the server and all its processes, under load, and started again: nothing acknowledged is lost, nothing
// stands twice, writes are taken again within five seconds after the server accepts connections. ZHIXIN_PG_KILLS says how many.
import { randomInt } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { pause } from "../processes";
import { Cluster } from "./cluster";
import { healedWithinMs, noFigures, report, Shop } from "./shop";

const kills = Number(process.env.ZHIXIN_PG_KILLS ?? (process.env.ZHIXIN_TEST_LONG ? 50 : 6));
const figures = noFigures();
afterAll(() => console.log(report(`kill -9 of PostgreSQL ${figures.healMs.length}`, figures)));

test(`${kills} kills of PostgreSQL under load`, async () => {
  const cluster = await Cluster.start();
  const shop = await Shop.open({ url: cluster.url, program: `postgres://zhixin@127.0.0.1:${cluster.port}/postgres` });
  try {
    shop.clients.start(8);
    await pause(500);
    figures.mib.push(shop.memory());
    for (let n = 0; n < kills; n++) {
      await pause(randomInt(50, 500));
      await cluster.kill();
      if (n % 4 === 3) await pause(2500); // gone for longer
      await cluster.again();
      figures.healMs.push(await shop.writes(healedWithinMs()));
      figures.mib.push(shop.memory());
    }
    await shop.judge(figures);
    await shop.close();
    expect(figures.mib.at(-1)! - figures.mib[0], "the server's memory grew by").toBeLessThan(120);
  } catch (e) {
    throw new Error(`${e instanceof Error ? e.stack : e}\n${shop.running.log().slice(-4000)}`);
  } finally {
    await shop.end();
    await cluster.stop();
  }
}, 600_000 + kills * 120_000);
