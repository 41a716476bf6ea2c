// Between server and PostgreSQL stands a proxy that fails at chosen points (proxy.ts), COMMIT and its answer above all, while
// clients send events, receipts and orders. Afterwards: nothing acknowledged is lost, nothing stands twice, writes are taken again
// within five seconds after traffic passes, memory stays bounded, `zhixin verify` is content.
// ZHIXIN_CHAOS says how many faults.
import { randomInt } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { pause } from "../processes";
import { Cluster } from "./cluster";
import { type Action, actions, type Fault, type Message, ofCommit, type Place, places, FaultProxy } from "./proxy";
import { healedWithinMs, noFigures, report, Shop } from "./shop";

const long = !!process.env.ZHIXIN_TEST_LONG;
const rounds = Number(process.env.ZHIXIN_CHAOS ?? (long ? 500 : 26));
const growthMib = 120;
const figures = noFigures();
const struck = new Map<string, number>();
afterAll(() => console.log(report(`${figures.healMs.length} faults of the line to PostgreSQL (${[...struck].map(([what, n]) => `${what} ${n}`).join(", ")})`, figures)));

type Aim = (m: Message) => boolean;
/** What a fault can aim at, by its place, and how many that fit are let by first at most; every second one aims at COMMIT. */
const targets: [string, (place: Place) => Aim, number][] = [
  ["COMMIT", ofCommit, 4],
  ["the sync of commits", () => (m) => m.type === "B" && m.sql === "flush", 4],
  ["BEGIN", () => (m) => m.type === "P" && m.sql === "BEGIN", 4],
  ["a statement", () => (m) => m.type === "B", 60],
  ["a new statement", () => (m) => m.type === "P", 3],
  ["a sync", () => (m) => m.type === "S", 60],
  ["anything", () => () => true, 200],
  ["a new connection", () => (m) => m.type === "startup" || m.type === "ssl", 1],
];

function choose(n: number): { name: string; fault: Fault } {
  const action: Action = actions[n % actions.length];
  const place: Place = places[randomInt(places.length)];
  const [what, aim, most] = targets[randomInt(2) ? 0 : randomInt(targets.length)];
  const name = `${action} ${place} ${what}`;
  return { name, fault: { action, place, at: aim(place), skip: randomInt(most), ms: action === "delay" ? randomInt(50, 3500) : randomInt(100, 4000) } };
}

test(`${rounds} faults between server and PostgreSQL`, async () => {
  const cluster = await Cluster.start();
  const proxy = await FaultProxy.start(cluster.port);
  const shop = await Shop.open({ url: cluster.url, program: `postgres://zhixin@127.0.0.1:${proxy.port}/postgres` });
  let name = "";
  try {
    shop.clients.start(6);
    await pause(1000);
    figures.mib.push(shop.memory());
    for (let n = 0; n < rounds; n++) {
      const chosen = choose(n);
      name = chosen.name;
      await proxy.fault(chosen.fault, 1500);
      figures.healMs.push(await shop.writes(healedWithinMs()));
      struck.set(chosen.fault.action, (struck.get(chosen.fault.action) ?? 0) + 1);
      figures.mib.push(shop.memory());
      if (process.env.ZHIXIN_CHAOS_LOUD) console.log(`${n} ${name}: ${figures.healMs.at(-1)} ms, ${figures.mib.at(-1)?.toFixed(0)} MiB`);
      await pause(randomInt(20, 120));
    }
    await shop.judge(figures);
    await shop.close();
    expect(figures.mib.at(-1)! - figures.mib[0], "the server's memory grew by").toBeLessThan(growthMib);
  } catch (e) {
    throw new Error(`${name}: ${e instanceof Error ? e.stack : e}\n${shop.running.log().slice(-6000)}`);
  } finally {
    await shop.end();
    await proxy.stop();
    await cluster.stop();
  }
}, 600_000 + rounds * 120_000);
