// The database can't be reached for a while. The program says so, in /healthz, in its figures and to people in their language; nobody
// waits long; what was being committed when the line broke is neither lost nor doubled, whatever became of it; and all goes on by itself.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually, loggedEvents, promised, serve, Session, zhixin } from "../../harness";
import { pause } from "../processes";
import { Cluster } from "./cluster";
import { type Action, FaultProxy, ofCommit, type Place } from "./proxy";
import { healedWithinMs, Shop, single } from "./shop";

/** Two seconds of silence, three of a connection that is not answered, and what a loaded machine adds. */
const firstAnswerMs = () => 5000 + promised(3000);
const laterAnswersMs = () => 3000 + promised(1500); // a new attempt to connect is due now and then: at most its three seconds
const outcomeWaitMs = 5000; // so long the program asks what became of a COMMIT before it says that it doesn't know

let cluster: Cluster;
let proxy: FaultProxy;
let shop: Shop;
beforeAll(async () => {
  cluster = await Cluster.start();
  proxy = await FaultProxy.start(cluster.port);
  shop = await Shop.open({ url: cluster.url, program: `postgres://zhixin:s3cret-word@127.0.0.1:${proxy.port}/postgres` });
});
afterAll(async () => {
  await shop?.end();
  await proxy?.stop();
  await cluster?.stop();
});

afterEach(({ task }) => {
  proxy.refuse(false);
  proxy.swallow(false);
  if (task.result?.state === "fail") console.log(shop.running.log().slice(-4000));
});

const health = async () => {
  const reply = await fetch(`${shop.running.url}/healthz`);
  return { status: reply.status, text: await reply.text(), retry: reply.headers.get("retry-after") };
};
const metric = async (name: string) => {
  const text = await (await fetch(`${shop.running.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec(text)?.[1]);
};
const timed = async <T>(fn: () => Promise<T>): Promise<{ ms: number; got: T }> => {
  const began = Date.now();
  const got = await fn();
  return { ms: Date.now() - began, got };
};
const login = (language: string) =>
  new Session(shop.running.url).call("POST", "/api/v1/session", { email: shop.installation.email, password: shop.installation.password }, { "accept-language": language });
const timesLogged = async (messageId: string) => (await loggedEvents(shop.installation.data)).filter((e) => e.message_id === messageId).length;
const blocks = () => Number(shop.installation.sql("SELECT count(*) FROM event_block"));

for (const how of ["refused", "blackhole"] as const)
  test(`${how}: everybody is told soon, in their language, and it heals by itself`, async () => {
    await shop.writes(healedWithinMs());
    expect(await metric('zhixin_database_away{store="truth"}')).toBe(0);
    if (how === "refused") proxy.refuse(true);
    else proxy.swallow(true);
    const first = await timed(() => Promise.all([health(), login("en"), single(shop, `away-${how}`), shop.admin.get("/api/v1/customers?limit=1")]));
    expect(first.ms, "the first to find out").toBeLessThan(firstAnswerMs());
    const [ill, denied, event, page] = first.got;
    expect([ill.status, JSON.parse(ill.text).database, ill.retry]).toEqual([503, "unreachable", "1"]);
    for (const reply of [denied, event, page]) {
      expect([reply.status, reply.body.error.code]).toEqual([503, "database_away"]);
      expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    for (const [language, words] of [["zh-CN", "数据库连接不上"], ["zh-TW", "資料庫連不上"], ["en", "The database can not be reached"]]) {
      const { ms, got } = await timed(() => login(language));
      expect(ms, `a login in ${language}`).toBeLessThan(laterAnswersMs());
      expect(got.body.error.message).toContain(words);
    }
    expect(await metric('zhixin_database_away{store="truth"}')).toBe(1);
    expect((await fetch(`${shop.running.url}/`)).status, "the console itself is there").toBe(200);
    expect((await health()).text).not.toContain("s3cret-word");
    expect(shop.running.log()).not.toContain("s3cret-word");
    proxy.refuse(false);
    proxy.swallow(false);
    let last: unknown;
    const healed = await timed(() =>
      eventually(async () => {
        const [state, person] = [await health(), await login("en")];
        last = [state.text, person.body];
        return state.status === 200 && person.status < 300;
      }, healedWithinMs()).catch((e) => {
        throw new Error(`${e}: ${JSON.stringify(last)}`);
      }),
    );
    expect(healed.ms).toBeLessThan(healedWithinMs());
    await shop.writes(healedWithinMs());
    await eventually(async () => (await metric('zhixin_database_away{store="truth"}')) === 0);
    expect(await metric('zhixin_database_lost_total{store="truth"}')).toBeGreaterThan(0);
    expect(JSON.parse((await health()).text)).toMatchObject({ status: "ok" });
  });

/** An event whose COMMIT is hit, and the database gone for `ms` from then on. */
async function hit(messageId: string, place: Place, ms: number, action: Action = "gone") {
  const over = proxy.fault({ action, place, at: ofCommit(place), skip: 0, ms }, 60_000);
  const reply = await single(shop, messageId);
  return { reply, over };
}

test("a COMMIT that was done, its answer lost, and the server soon back: it is acknowledged", async () => {
  const { reply, over } = await hit("done-soon", "after", 1000);
  await over;
  expect(reply.status).toBe(200);
  expect(await timesLogged("done-soon")).toBe(1);
});

test("a COMMIT that never arrived, and the server soon back: it is not acknowledged, or done anew", async () => {
  const { reply, over } = await hit("lost-soon", "before", 300);
  await over;
  if (reply.status !== 200) await eventually(async () => (await single(shop, "lost-soon")).status === 200, healedWithinMs());
  expect(await timesLogged("lost-soon")).toBe(1);
});

for (const [place, what] of [["after", "was done"], ["before", "was not done"]] as const)
  test(`a COMMIT that ${what}, and the server gone for longer than anybody waits: sent again, it stands there once`, async () => {
    const id = `gone-${place}`;
    const before = blocks();
    const { reply, over } = await hit(id, place, outcomeWaitMs + 2500);
    expect([reply.status, reply.body.error.code]).toEqual([503, "database_away"]);
    expect(blocks() - before, "what the server has").toBe(place === "after" ? 1 : 0);
    await over;
    await eventually(async () => (await single(shop, id)).status === 200, healedWithinMs());
    expect(await timesLogged(id)).toBe(1);
    expect((await single(shop, id)).status).toBe(200);
    expect(await timesLogged(id)).toBe(1);
  });

test("in doubt when the program ends: the next start reads what is there", async () => {
  const { reply, over } = await hit("gone-end", "after", outcomeWaitMs + 2500);
  expect(reply.status).toBe(503);
  expect(await shop.running.stop()).toBe(0);
  await over;
  const again = await serve(shop.installation.data);
  try {
    const there = Object.assign(Object.create(Object.getPrototypeOf(shop)), shop, { running: again });
    expect((await single(there, "gone-end")).status).toBe(200);
    expect(await timesLogged("gone-end")).toBe(1);
  } finally {
    expect(await again.stop()).toBe(0);
  }
  await zhixin(["verify", "--data", shop.installation.data]);
});

test("a start while the database is away ends soon and says why", async () => {
  proxy.refuse(true);
  await pause(50);
  const { ms, got } = await timed(() => serve(shop.installation.data).then(() => "served", String));
  proxy.refuse(false);
  expect(ms).toBeLessThan(firstAnswerMs());
  expect(got).toContain("database_away");
  expect(got).not.toContain("s3cret-word");
});
