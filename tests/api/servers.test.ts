// Several servers on one PostgreSQL: what one takes, the others know; nothing is taken twice or lost between them.
import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binary, eventually, folderBeside, followed, install, type Installation, listening, loggedEvents, postgres, type Running, Session, serve, withKey, zhixin } from "../harness";

/** The processes of a running program: its supervisor, and what that started. */
const family = (supervisor: number) => [supervisor, ...execFileSync("pgrep", ["-P", String(supervisor)], { encoding: "utf8" }).trim().split("\n").map(Number)];
const metricOf = async (url: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

// Figures from a schema of that database: one server keeps it, all ask it.
describe.skipIf(!postgres)("two servers, one warehouse", () => {
  test("when who keeps it is killed at work, the other goes on where it was; whoever is asked for a new one, there is one", async () => {
    const first = await install();
    const second = folderBeside(first.data);
    const start = (data: string) => listening(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--warehouse", "same"], { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: "2000" });
    const running = [await start(first.data), await start(second)];
    try {
      const people = await Promise.all(running.map((r) => new Session(r.url).login(first.email, first.password)));
      const key = (await zhixin(["key", "create", "--data", second, "--kind", "write", "--source", "web"])).trim();
      const keeps = (server: number) => metricOf(running[server].url, "zhixin_warehouse_keeps");
      const keeper = () => eventually(async () => ((await keeps(0)) === 1 ? "first" : (await keeps(1)) === 1 && "second"), 60_000);
      expect((await keeps((await keeper()) === "first" ? 1 : 0))).toBe(0);

      let sent = 0;
      const send = async (server: number, batches: number) => {
        for (let i = 0; i < batches; i++) {
          const event = () => ({ type: "page", messageId: `m-${sent}`, anonymousId: `d-${sent++}`, timestamp: "2026-03-01T05:40:11.023Z", properties: { path: "/" } });
          expect((await withKey(running[server].url, key, "/v1/batch", { batch: Array.from({ length: 500 }, event) })).status).toBe(200);
        }
      };
      const visitors = async (server: number) => {
        const { status, body } = await people[server].get("/api/v1/overview/funnel?from=2026-03-01&to=2026-03-01");
        return status === 200 && Number(body.items[0].subjects);
      };
      const bothShow = (n: () => number) => eventually(async () => (await visitors(0)) === n() && (await visitors(1)) === n(), 60_000);
      for (const r of running) await eventually(async () => (await withKey(r.url, key, "/v1/batch", { batch: [] })).status === 200); // the key is known
      await send(0, 8);
      await bothShow(() => sent);

      // Whoever keeps it loses its connection, lock and all: one of them has it again, and nothing is counted twice or lost.
      await send(1, 2);
      expect(Number(first.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'zhixin derived' AND datname = current_database()"))).toBeGreaterThan(0);
      await send(1, 2);
      await bothShow(() => sent);

      const [killed, left] = (await keeper()) === "first" ? [0, 1] : [1, 0];
      await send(left, 4);
      for (const pid of family(running[killed].process.pid as number)) process.kill(pid, "SIGKILL");
      await running[killed].exited;
      await send(left, 8);
      await eventually(async () => (await keeps(left)) === 1, 60_000);
      await eventually(async () => (await visitors(left)) === sent, 60_000);

      // The one that was killed comes back; it only asks. Asked for a new warehouse, it has the other make it.
      const there = killed ? second : first.data;
      running[killed] = await start(there);
      await eventually(async () => (await metricOf(running[killed].url, "zhixin_warehouse_seq")) > 0, 60_000);
      expect(await keeps(killed)).toBe(0);
      const made = () => first.sql("SELECT made FROM warehouse.follower");
      const before = made();
      const report = await zhixin(["rebuild", "--data", there]);
      expect(made()).not.toBe(before);
      expect(report).toContain(`warehouse event rows=${sent} `);
      expect(await keeps(left)).toBe(1);
      expect(await zhixin(["verify", "--data", there])).toContain(report.split("\n").filter((line) => line.startsWith("warehouse")).join("\n"));
      expect(await visitors(left)).toBe(sent);
      await eventually(async () => first.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'warehouse%'") === "1"); // nothing is left lying about
    } finally {
      for (const r of running) await r.stop();
      first.remove();
      rmSync(second, { recursive: true, force: true });
    }
  }, 300_000);
});

describe.skipIf(!postgres)("two servers on one database", () => {
  const olderTrigger =
    "CREATE FUNCTION change_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('zhixin', 'change'); RETURN NULL; END $$;" +
    "CREATE TRIGGER change_told AFTER INSERT ON change FOR EACH STATEMENT EXECUTE FUNCTION change_told();";
  let first: Installation;
  let second: string; // the other's data directory
  const running: Running[] = [];
  const people: Session[] = [];
  let key = "";
  let till = "";

  const makeKey = async (data: string, kind: string, source: string) =>
    (await zhixin(["key", "create", "--data", data, "--kind", kind, "--source", source, "--trusted"])).trim();
  const batch = (server: number, events: object[]) => withKey(running[server].url, key, "/v1/batch", { batch: events });
  const view = (messageId: string, more: object = {}) => ({
    type: "track",
    event: "Product Viewed",
    messageId,
    anonymousId: `device-${messageId}`,
    timestamp: "2026-03-01T05:40:11.023Z",
    properties: { product_id: "K1-M" },
    ...more,
  });

  beforeAll(async () => {
    first = await install();
    second = folderBeside(first.data);
    first.sql(olderTrigger);
    const env = { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: "500" };
    for (const data of [first.data, second]) running.push(await serve(data, { env }));
    for (const r of running) people.push(await new Session(r.url).login(first.email, first.password));
    key = await makeKey(first.data, "write", "web");
    till = await makeKey(second, "api", "till");
  });
  afterAll(async () => {
    for (const r of running) await r.stop();
    first?.remove();
    rmSync(second, { recursive: true, force: true });
  });

  test("what an older version told inside of each commit is gone once a server has started", () => {
    expect(first.sql("SELECT count(*) FROM pg_trigger WHERE tgname = 'change_told'")).toBe("0");
  });

  test("a key made at one is known at the other", async () => {
    await eventually(async () => (await batch(1, [view("k-1")])).status === 200);
    await eventually(async () => (await withKey(running[0].url, till, "/api/v1/receipts", {})).status === 422);
  });

  test("a session of one counts at the other, until it ends anywhere", async () => {
    const visitor = await new Session(running[0].url).login(first.email, first.password);
    const there = new Session(running[1].url);
    Object.assign(there, { cookie: visitor.cookie, csrf: visitor.csrf });
    expect((await there.get("/api/v1/customers")).status).toBe(200);
    expect((await there.delete("/api/v1/session")).status).toBeLessThan(300);
    expect((await visitor.get("/api/v1/customers")).status).toBe(401);
  });

  test("messages sent to both, at once and again later, are taken once; sealed at one, they are read at both", async () => {
    const before = (await loggedEvents(first.data)).length;
    const ids = Array.from({ length: 2400 }, (_, i) => `both-${i}`);
    const calls = ids.map((id) => view(id));
    const slices = Array.from({ length: 24 }, (_, i) => calls.slice(i * 100, i * 100 + 100));
    for (let i = 0; i < slices.length; i += 6) // each round fills a unit
      await Promise.all(slices.slice(i, i + 6).flatMap((events) => [batch(0, events), batch(1, events)]).map(async (reply) => expect((await reply).status).toBe(200)));
    for (const events of slices.slice(0, 6)) for (const server of [0, 1]) expect((await batch(server, events)).status).toBe(200);
    await eventually(async () => Number(first.sql("SELECT count(*) FROM event_segment")) >= 3);
    for (const server of [1, 0]) expect((await batch(server, slices[2])).status).toBe(200);
    // What one sealed the other fetches, a moment later: until then its folder is no whole log.
    await eventually(async () => first.sql("SELECT file FROM event_segment").split("\n").every((file) => existsSync(join(first.data, "segments", file))));
    const logged = (await eventually(() => loggedEvents(first.data).catch(() => null))).map((e) => e.message_id);
    expect(logged.length - before).toBe(ids.length);
    expect(new Set(logged).size).toBe(logged.length);
    for (const person of people) await followed(person);
  });

  test("what arrives at one is seen live at the other", async () => {
    expect((await batch(0, [view("seen-live")])).status).toBe(200);
    const items = async (server: number) => (await people[server].get("/api/v1/events/recent")).body.items as { id: string; name: string }[];
    const here = (await items(0))[0]; // shown before it is answered, and nothing else comes in
    await eventually(async () => (await items(1)).some((item) => item.id === here.id));
  });

  test("failed logins at one count at the other", async () => {
    const attempt = async (server: number) => {
      const headers = { "content-type": "application/json", origin: running[server].url };
      const body = JSON.stringify({ email: "nobody@zhixin.example", password: "wrong-password" });
      return (await fetch(`${running[server].url}/api/v1/session`, { method: "POST", headers, body })).status;
    };
    let tries = 0;
    while ((await attempt(tries % 2)) !== 429 && tries < 40) tries++;
    expect(tries).toBeLessThan(40);
    await eventually(async () => (await attempt(0)) === 429 && (await attempt(1)) === 429);
  });

  test("one new person who comes in by both doors at once is one record", async () => {
    const phones = Array.from({ length: 200 }, (_, i) => `138${String(10_000_000 + i * 37).slice(0, 8)}`);
    const receipt = (phone: string, number: string) => ({
      store: "SH01", till: "1", number, time: "2026-03-01T13:40:00+08:00", currency: "CNY", kind: "receipt", member: { phone },
      lines: [{ line_no: 1, sku: "K1-M", name: "裙", quantity: 1, list_price: "599.00", paid: "399.00", tax_rate: "13" }],
      tenders: [{ type: "wechat", amount: "399.00" }],
    });
    expect((await people[0].post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] })).status).toBe(200);
    const arrive = (phone: string, i: number) => [
      withKey(running[0].url, till, "/api/v1/receipts", receipt(phone, `R-${i}`)),
      batch(1, [{ type: "identify", messageId: `who-${i}`, userId: `u-${i}`, traits: { phone }, timestamp: "2026-03-01T05:40:11Z" }]),
      withKey(running[1].url, till, "/api/v1/receipts", receipt(phone, `S-${i}`)),
      withKey(running[1].url, till, "/api/v1/receipts", receipt(phone, `R-${i}`)), // the same again, elsewhere
    ];
    for (let i = 0; i < phones.length; i += 25)
      for (const reply of await Promise.all(phones.slice(i, i + 25).flatMap((phone, k) => arrive(phone, i + k)))) expect([200, 201]).toContain(reply.status);
    expect(first.sql("SELECT count(*), count(DISTINCT number) FROM sale")).toBe("400|400");
    expect(first.sql("SELECT count(DISTINCT customer_id) FROM sale WHERE number LIKE 'R-%'")).toBe("200");
    expect(first.sql("SELECT count(*) FROM (SELECT customer_id FROM sale GROUP BY customer_id HAVING count(*) <> 2) n")).toBe("0");
    // Each server's own index of people finds her.
    for (const person of people)
      await eventually(async () => (await person.post("/api/v1/customers/lookup", { q: phones[7] })).body.items?.length === 1);
  });

  test("verify is content with both, and their warehouses hold the same", async () => {
    for (const r of running.splice(0)) expect(await r.stop()).toBe(0);
    const reports = await Promise.all([first.data, second].map((data) => zhixin(["verify", "--data", data]))); // rejects unless all is well
    expect(reports[1]).toBe(reports[0]);
    expect(reports[0]).toContain("warehouse sale rows=400 ");
    // Made anew from the truth it is the same.
    expect(await zhixin(["rebuild", "--data", second])).toContain(reports[0].split("\n").filter((line) => line.startsWith("warehouse")).join("\n"));
  });
});
