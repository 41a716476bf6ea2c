// Collection as the real clients do it: unmodified SDKs, the letters of the wire, repeats, orders, bad calls among good ones,
// and a queue that is full.
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { Analytics } from "@segment/analytics-node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, install, loggedEvents, patience, type Program, postgres, powercut, realData, Session, serve, startProgram, withKey, zhixin } from "../harness";

let program: Program;
let server: string; // trusted write key
let browser: string; // public write key
afterEach(({ task }) => {
  if (task.result?.state === "fail") console.log(program.log().slice(-3000)); // what the program says of it
});
beforeAll(async () => {
  program = await startProgram();
  server = await program.key("write", "shop-server", true);
  browser = await program.key("write", "shop-browser");
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

const basic = (key: string) => `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
const send = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(program.url + path, { method: "POST", body: body as BodyInit, headers });
const track = (more: object = {}) => ({ type: "track", event: "Product Viewed", anonymousId: "d-1", messageId: randomUUID(), ...more });
const events = async (messageId: string) => (await loggedEvents(program.data)).filter((e) => e.message_id === messageId);
const quarantine = async (reason: string) => (await program.admin.get(`/api/v1/quarantine?reason=${reason}&limit=200`)).body;
const orders = async (query = "") => (await program.admin.get(`/api/v1/orders?limit=200${query}`)).body.items as any[];

describe("unmodified clients", () => {
  /** Nothing is sent twice, however long an answer takes. */
  const patient = { maxRetries: 0, httpRequestTimeout: 120_000 * patience };

  test("@segment/analytics-node", async () => {
    const errors: unknown[] = [];
    const client = new Analytics({ writeKey: server, host: program.url, flushAt: 7, flushInterval: 50, ...patient });
    client.on("error", (e) => errors.push(e));
    const mark = randomUUID();
    client.identify({ userId: "node-1", traits: { name: "赵云", phone: "13800001234", email: "zhao@example.com" } });
    for (let i = 0; i < 40; i++) client.track({ userId: "node-1", event: `Seen ${mark}`, properties: { product_id: `K${i}`, price: 19.9 } });
    client.page({ userId: "node-1", name: `Home ${mark}`, properties: { path: "/" } });
    client.screen({ anonymousId: "node-d", name: `Start ${mark}` });
    client.group({ userId: "node-1", groupId: "g-1" });
    client.alias({ userId: "node-1", previousId: "node-d" });
    await client.closeAndFlush({ timeout: patient.httpRequestTimeout });
    expect(errors).toEqual([]);
    const logged = (await loggedEvents(program.data)).filter((e) => e.name.endsWith(mark));
    expect(logged.length).toBe(42);
    expect(logged.every((e) => e.message_id.startsWith("node-next-"))).toBe(true);
    const found = await program.admin.post("/api/v1/customers/lookup", { q: "13800001234" });
    expect(found.body).toMatchObject({ kind: "exact", items: [{ name: "赵*" }] });
  });

  test("@segment/analytics-node sends an order", async () => {
    const client = new Analytics({ writeKey: server, host: program.url, flushAt: 1, ...patient });
    client.track({
      userId: "node-1",
      event: "Order Completed",
      properties: { order_id: "SDK-1", total: 218, shipping: 10, currency: "CNY", products: [{ sku: "K1", name: "衬衫", price: 104, quantity: 2 }] },
    });
    await client.closeAndFlush({ timeout: patient.httpRequestTimeout });
    const order = (await orders()).find((o) => o.number === "SDK-1");
    expect(order, "the order").toBeTruthy();
    expect((await program.admin.get(`/api/v1/orders/${order.id}`)).body.lines).toHaveLength(1);
  });

  test("@rudderstack/rudder-sdk-node, which packs and says form", async () => {
    const client = new RudderAnalytics(server, { dataPlaneUrl: program.url, flushAt: 5, flushInterval: 50, maxQueueSize: 1 << 20, errorHandler: () => {} } as any); // who sent them is told
    const mark = randomUUID();
    const errors: unknown[] = [];
    for (let i = 0; i < 12; i++)
      client.track({ userId: "rudder-1", event: `Rudder ${mark}`, properties: { price: 5 } } as any, ((e: unknown) => e && errors.push(e)) as any);
    client.identify({ userId: "rudder-1", traits: { email: "rudder@example.com" } } as any);
    await client.flush(); // its promise is kept when the first of them is sent
    await eventually(async () => errors.length > 0 || (await loggedEvents(program.data)).filter((e) => e.name === `Rudder ${mark}`).length === 12);
    expect(errors).toEqual([]);
    await eventually(async () => (await program.admin.post("/api/v1/customers/lookup", { q: "rudder@example.com" })).body.kind === "exact");
  });
});

describe("the wire", () => {
  test("takes JSON whatever the content type says", async () => {
    for (const type of ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "application/json", "application/octet-stream", ""]) {
      const call = track();
      const reply = await send("/v1/track", Buffer.from(JSON.stringify(call)), { authorization: basic(browser), ...(type ? { "content-type": type } : {}) });
      expect([type, reply.status, await reply.json()]).toEqual([type, 200, { success: true }]);
      expect(await events(call.messageId)).toHaveLength(1);
    }
  });

  test("finds the key in Basic, body and query", async () => {
    const inHeader = track();
    const inBody = track({ writeKey: browser });
    const inQuery = track();
    const inBatch = track();
    const withEmpty = track({ writeKey: browser });
    expect((await send("/v1/t", JSON.stringify(inHeader), { authorization: basic(browser) })).status).toBe(200);
    expect((await send("/v1/t", JSON.stringify(inBody))).status).toBe(200);
    expect((await send(`/v1/t?writeKey=${browser}`, JSON.stringify(inQuery))).status).toBe(200);
    expect((await send("/v1/b", JSON.stringify({ batch: [inBatch], writeKey: browser }))).status).toBe(200);
    expect((await send("/v1/t", JSON.stringify(withEmpty), { authorization: basic("") })).status).toBe(200);
    for (const call of [inHeader, inBody, inQuery, inBatch, withEmpty]) expect(await events(call.messageId)).toHaveLength(1);
  });

  test("refuses an unknown or missing key, and takes nothing", async () => {
    const call = track();
    for (const headers of [{ authorization: basic("wk_nobody") }, { authorization: "Bearer x" }, {}] as Record<string, string>[]) {
      const reply = await send("/v1/track", JSON.stringify(call), headers);
      expect(reply.status).toBe(401);
      expect((await reply.json()).error.code).toBe("unauthenticated");
    }
    expect(await events(call.messageId)).toEqual([]);
  });

  test("inflates gzip, and refuses what would not stop growing", async () => {
    const batch = { batch: Array.from({ length: 50 }, () => track()) };
    const packed = gzipSync(JSON.stringify(batch));
    const reply = await send("/v1/batch", packed, { authorization: basic(browser), "content-encoding": "gzip", "content-type": "application/json" });
    expect(reply.status).toBe(200);
    const all = new Set((await loggedEvents(program.data)).map((e) => e.message_id));
    expect(batch.batch.filter((e) => all.has(e.messageId))).toHaveLength(50);
    const bomb = gzipSync(Buffer.alloc(20 << 20, " "));
    const refused = await send("/v1/batch", bomb, { authorization: basic(browser), "content-encoding": "gzip" });
    expect([400, 413]).toContain(refused.status);
    const broken = await send("/v1/batch", packed.subarray(0, 40), { authorization: basic(browser), "content-encoding": "gzip" });
    expect(broken.status).toBe(400);
  });

  test("accepts null ids beside one that is there", async () => {
    const calls = [track({ userId: null }), track({ anonymousId: null, userId: "u-null" }), { ...track(), messageId: null, properties: null, context: null }];
    for (const call of calls) expect((await send("/v1/track", JSON.stringify(call), { authorization: basic(browser) })).status).toBe(200);
    expect(await events(calls[0].messageId!)).toHaveLength(1);
    expect(await events(calls[1].messageId!)).toHaveLength(1);
  });

  test("answers the short routes of browsers and what they ask before", async () => {
    for (const [short, type] of Object.entries({ p: 3, i: 2, t: 1, g: 5, a: 6, s: 4 })) {
      const call = { writeKey: browser, anonymousId: "short", userId: null, event: "E", name: "N", groupId: "g", previousId: "p", messageId: randomUUID() };
      const preflight = await fetch(`${program.url}/v1/${short}`, {
        method: "OPTIONS",
        headers: { origin: "https://shop.example", "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type" },
      });
      expect(preflight.status).toBe(204);
      for (const name of ["Authorization", "Content-Type", "AnonymousId", "X-Retry-Count"])
        expect(preflight.headers.get("access-control-allow-headers")).toContain(name);
      const reply = await send(`/v1/${short}`, JSON.stringify(call), { "content-type": "text/plain", origin: "https://shop.example" });
      expect([short, reply.status, reply.headers.get("access-control-allow-origin")]).toEqual([short, 200, "https://shop.example"]);
      const logged = await events(call.messageId);
      expect([short, logged[0]?.type]).toEqual([short, type]);
    }
  });

  test("serves the settings that browsers fetch", async () => {
    const settings = await fetch(`${program.url}/v1/projects/${browser}/settings`, { headers: { origin: "https://shop.example" } });
    expect(settings.status).toBe(200);
    expect(settings.headers.get("access-control-allow-origin")).toBe("*");
    const body = await settings.json();
    expect(body.integrations["Segment.io"]).toMatchObject({ apiKey: browser, apiHost: `${new URL(program.url).host}/v1`, protocol: "http" });
    expect(Object.keys(body.integrations)).toHaveLength(1);
    const config = await (await fetch(`${program.url}/sourceConfig/?p=npm&v=3&writeKey=${browser}`)).json();
    expect(config.source).toMatchObject({ writeKey: browser, enabled: true, destinations: [] });
  });

  test("corrects the client's clock by sentAt", async () => {
    const ahead = 3600_000 * 5;
    const now = Date.now();
    const wrong = track({ timestamp: new Date(now + ahead - 60_000).toISOString(), sentAt: new Date(now + ahead).toISOString() });
    const inBatch = track({ timestamp: new Date(now + ahead - 60_000).toISOString() });
    const right = track({ timestamp: new Date(now - 60_000).toISOString(), sentAt: new Date(now).toISOString() });
    const future = track({ timestamp: new Date(now + 86400_000 * 3).toISOString() });
    const ancient = track({ timestamp: "1999-01-01T00:00:00Z" });
    const nonsense = track({ timestamp: "yesterday" });
    await withKey(program.url, browser, "/v1/batch", { batch: [wrong, right, future, ancient, nonsense] });
    await withKey(program.url, browser, "/v1/batch", { batch: [inBatch], sentAt: new Date(now + ahead).toISOString() });
    const log = await loggedEvents(program.data);
    const at = (call: { messageId: string }) => {
      const e = log.find((x) => x.message_id === call.messageId)!;
      return { agoMs: Math.floor(e.received_us / 1000) - Math.floor(e.at_us / 1000), flags: e.flags };
    };
    for (const call of [wrong, inBatch]) {
      expect(at(call).agoMs).toBe(60_000); // it is received when it is sent, whatever that took
      expect(at(call).flags & 1).toBe(1);
    }
    expect(at(right).agoMs).toBe(60_000);
    for (const call of [future, ancient]) {
      expect(at(call).agoMs).toBe(0);
      expect(at(call).flags & 2).toBe(2);
    }
    expect(at(nonsense).agoMs).toBe(0);
  });

  test("takes events to 32 KB and batches to 500 KB", async () => {
    const filled = (bytes: number) => {
      const call = track({ properties: { filler: "" } }) as any;
      call.properties.filler = "x".repeat(bytes - JSON.stringify(call).length);
      return call;
    };
    const fits = filled(32 << 10);
    const over = filled((32 << 10) + 1);
    const headers = { authorization: basic(browser) };
    expect((await send("/v1/track", JSON.stringify(fits), headers)).status).toBe(200);
    expect((await send("/v1/track", JSON.stringify(over), headers)).status).toBe(413);
    // The same in a batch: the batch is taken, the large one is set aside.
    const small = track();
    const large = filled(40 << 10);
    expect((await send("/v1/batch", JSON.stringify({ batch: [small, large] }), headers)).status).toBe(200);
    expect(await events(small.messageId)).toHaveLength(1);
    expect(await events(large.messageId)).toEqual([]);
    expect((await quarantine("event_too_large")).items.length).toBeGreaterThan(0);
    const batch: object[] = [];
    while (JSON.stringify({ batch }).length < (499 << 10)) for (let i = 0; i < 10; i++) batch.push(filled(1000));
    while (JSON.stringify({ batch }).length > 500 << 10) batch.pop();
    expect((await send("/v1/batch", JSON.stringify({ batch }), headers)).status).toBe(200);
    const log = new Set((await loggedEvents(program.data)).map((e) => e.message_id));
    expect(batch.filter((e: any) => !log.has(e.messageId))).toEqual([]);
    for (let i = 0; i < 10; i++) batch.push(filled(1000));
    expect((await send("/v1/batch", JSON.stringify({ batch }), headers)).status).toBe(413);
  });

  test("refuses a body that is no JSON", async () => {
    for (const body of ["", "{", "nonsense", "event=x&userId=1", '{"batch":[}', "\u0000"]) {
      const reply = await send("/v1/track", body, { authorization: basic(browser) });
      expect([body, reply.status]).toEqual([body, 400]);
    }
  });
});

test("bad calls in a good batch go to quarantine with the reason, and the batch is 200", async () => {
  const good = [track(), track(), track()];
  const bad: [unknown, string][] = [
    [7, "not_an_object"],
    [null, "not_an_object"],
    ["track", "not_an_object"],
    [{ ...track(), type: "tracking" }, "type_unknown"],
    [{ ...track(), type: undefined }, "type_unknown"],
    [{ ...track(), event: "" }, "event_name_missing"],
    [{ ...track(), event: "x".repeat(201) }, "event_name_too_long"],
    [{ ...track(), anonymousId: undefined }, "no_user_or_anonymous_id"],
    [{ ...track(), messageId: "m".repeat(101) }, "message_id_too_long"],
    [{ ...track(), event: "Order Completed", properties: {} }, "order_id_missing"],
    [{ ...track(), event: "Order Completed", properties: { order_id: "bad-1", total: "12,50" } }, "total_malformed"],
    [{ ...track(), event: "Order Completed", properties: { order_id: "bad-2", products: [{ price: 1, quantity: -3 }] } }, "quantity_out_of_range"],
  ];
  const counts = async () => Object.fromEntries(await Promise.all(bad.map(async ([, why]) => [why, (await quarantine(why)).total.count])));
  const before = await counts();
  const batch = [good[0], ...bad.slice(0, 6).map(([call]) => call), good[1], ...bad.slice(6).map(([call]) => call), good[2]];
  const reply = await withKey(program.url, browser, "/v1/batch", { batch });
  expect([reply.status, reply.body]).toEqual([200, { success: true }]);
  for (const call of good) expect(await events(call.messageId)).toHaveLength(1);
  const after = await counts();
  for (const why of new Set(bad.map(([, w]) => w)))
    expect([why, after[why] - before[why]]).toEqual([why, bad.filter(([, w]) => w === why).length]);
  const recent = (await program.admin.get("/api/v1/events/recent")).body.items;
  expect(recent.filter((e: any) => e.status === "refused" && e.reason === "type_unknown").length).toBeGreaterThanOrEqual(2);
});

describe("orders", () => {
  const order = (id: string, more: object = {}) =>
    track({
      event: "Order Completed",
      userId: "buyer-1",
      properties: { order_id: id, total: 309, shipping: 10, discount: 1, currency: "CNY", products: [{ sku: "A", price: 100, quantity: 2 }, { sku: "B", price: 100, quantity: 1 }] },
      ...more,
    });
  const one = async (number: string) => (await orders()).filter((o) => o.number === number);

  test("are one by their order id, whoever tells of them", async () => {
    await withKey(program.url, browser, "/v1/track", order("O-1"));
    await withKey(program.url, server, "/v1/batch", { batch: [order("O-1"), order("O-1")] });
    expect(await one("O-1")).toHaveLength(1);
    expect((await one("O-1"))[0]).toMatchObject({ total: "299.00" });
  });

  test("stay apart when their numbers look like telephone numbers", async () => {
    const numbers = ["13912345678", "13912345679", "4111111111111111", 13912345680];
    for (const n of numbers) expect((await withKey(program.url, server, "/v1/track", order(n as string))).status).toBe(200);
    const found = (await orders()).filter((o) => o.number.startsWith("#"));
    expect(new Set(found.map((o) => o.number)).size).toBe(4);
    for (const n of numbers.slice(1)) expect((await program.admin.post("/api/v1/customers/lookup", { q: String(n) })).body.kind).toBe("exact");
  });

  test("sent at once over many connections are one each", async () => {
    await Promise.all(Array.from({ length: 60 }, (_, i) => withKey(program.url, i % 2 ? browser : server, "/v1/track", order(`P-${i % 6}`))));
    const found = (await orders()).filter((o) => o.number.startsWith("P-"));
    expect(found.map((o) => o.number).sort()).toEqual(["P-0", "P-1", "P-2", "P-3", "P-4", "P-5"]);
  });

  test("change by Refunded and Cancelled, once", async () => {
    await withKey(program.url, server, "/v1/batch", { batch: [order("O-2"), order("O-3"), order("O-4")] });
    const refund = () => track({ event: "Order Refunded", userId: "buyer-1", properties: { order_id: "O-2" } });
    const cancel = () => track({ event: "Order Cancelled", userId: "buyer-1", properties: { order_id: "O-3" } });
    for (let i = 0; i < 3; i++) await withKey(program.url, server, "/v1/batch", { batch: [refund(), cancel()] });
    const [two, three, four] = [(await one("O-2"))[0], (await one("O-3"))[0], (await one("O-4"))[0]];
    expect([two.status, three.status, four.status]).toEqual(["refunded", "cancelled", "paid"]);
  });

  test("that come after their refund, or not at all, lose no event", async () => {
    const early = track({ event: "Order Refunded", userId: "buyer-1", properties: { order_id: "never" } });
    expect((await withKey(program.url, server, "/v1/track", early)).status).toBe(200);
    expect(await events(early.messageId)).toHaveLength(1);
  });
});

describe("repeats", () => {
  test("of a message id change nothing: in one batch, over connections, again later", async () => {
    const calls = Array.from({ length: 30 }, () => track());
    await withKey(program.url, browser, "/v1/batch", { batch: [...calls, ...calls] });
    await Promise.all(Array.from({ length: 20 }, () => withKey(program.url, browser, "/v1/batch", { batch: calls })));
    await Promise.all(calls.map((call) => withKey(program.url, browser, "/v1/track", call)));
    const mine = new Set<string>(calls.map((c) => c.messageId));
    const logged = (await loggedEvents(program.data)).filter((e) => mine.has(e.message_id));
    expect(logged).toHaveLength(30);
    // Another source may use the same ids.
    await withKey(program.url, server, "/v1/batch", { batch: calls.slice(0, 5) });
    expect((await loggedEvents(program.data)).filter((e) => mine.has(e.message_id))).toHaveLength(35);
    // The live view shows at most 200 a second: a burst may crowd a repeat out, one alone in a later second is shown.
    await eventually(async () => {
      await withKey(program.url, browser, "/v1/track", calls[0]);
      const recent = (await program.admin.get("/api/v1/events/recent")).body.items;
      return recent.some((e: any) => e.status === "duplicate" && e.name === calls[0].event);
    });
    expect((await loggedEvents(program.data)).filter((e) => mine.has(e.message_id))).toHaveLength(35);
  });

  test("are known after a restart, and after the log was sealed", async () => {
    const installation = await install();
    let running = await serve(installation.data);
    const key = (await zhixin(["key", "create", "--data", installation.data, "--kind", "write", "--source", "web"])).trim();
    const calls = Array.from({ length: 200 }, (_, i) => track({ messageId: i % 2 ? randomUUID() : `plain-${i}` }));
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < calls.length; i += 40) expect((await withKey(running.url, key, "/v1/batch", { batch: calls.slice(i, i + 40) })).status).toBe(200);
      expect(await loggedEvents(installation.data)).toHaveLength(200);
      expect(await running.stop()).toBe(0);
      running = await serve(installation.data);
    }
    expect(await running.stop()).toBe(0);
    installation.remove();
  });
});

const spec = realData("segment_spec");
test.skipIf(!spec)(`every payload of the Segment spec is accepted or refused for a stated reason${spec ? "" : " (no ../shared/data: skipped)"}`, async () => {
  const payloads: [string, any][] = readdirSync(join(spec!, "payloads"))
    .filter((f) => f !== "INDEX.json")
    .map((f) => [f, JSON.parse(readFileSync(join(spec!, "payloads", f), "utf8"))]);
  readFileSync(join(spec!, "spec_calls.ndjson"), "utf8").split("\n").filter(Boolean).forEach((line, i) => {
    payloads.push([`call ${i}`, JSON.parse(line).payload]);
  });
  expect(payloads.length).toBe(130);
  // Fragments of the documentation are no calls: without a type, or without anybody in them.
  const types = ["track", "identify", "page", "screen", "group", "alias"];
  const lacks = (call: any): Record<string, boolean> => ({
    type_unknown: !types.includes(call.type),
    no_user_or_anonymous_id: !call.userId && !call.anonymousId,
    event_name_missing: !call.event,
  });
  const outcomes: Record<string, number> = {};
  const sendOne = async (file: string, call: any) => {
    const reply = await withKey(program.url, browser, "/v1/batch", { batch: [call] });
    expect([file, reply.status]).toEqual([file, 200]);
    const seen = (await program.admin.get("/api/v1/events/recent")).body.items[0];
    expect([file, (await events(call.messageId)).length]).toEqual([file, seen.status === "accepted" ? 1 : 0]);
    return seen.status === "accepted" ? "" : seen.reason;
  };
  for (const [file, payload] of payloads) {
    const call = { ...payload, messageId: randomUUID() };
    const reason = await sendOne(file, call);
    outcomes[reason || "accepted"] = (outcomes[reason || "accepted"] ?? 0) + 1;
    if (!reason) continue;
    expect([file, reason, lacks(call)[reason]]).toEqual([file, reason, true]);
    // With what it lacks, it is taken.
    const whole = { ...call, anonymousId: call.anonymousId ?? "spec", messageId: randomUUID() };
    if (!types.includes(whole.type)) whole.type = whole.event ? "track" : "identify";
    whole.event ||= "Named";
    expect([file, await sendOne(file, whole)]).toEqual([file, ""]);
  }
  console.log(`segment_spec: ${payloads.length} payloads ${JSON.stringify(outcomes)}, all taken once complete`);
  expect(Object.values(outcomes).reduce((x, y) => x + y)).toBe(130);
});

test("a full queue says 503 and Retry-After, login and console stay usable, and nothing acknowledged is missing", async () => {
  const installation = await install();
  const atRest = async () => {
    const began = Date.now();
    await (await new Session(program.url).login(program.email, program.password)).get("/api/v1/customers");
    return Date.now() - began;
  };
  // A commit of events: so slow that the machine's own pace does not count beside it.
  const slowMs = Math.max(400, 3 * Math.max(await atRest(), await atRest()));
  if (postgres)
    installation.sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(${slowMs / 1000}); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON event_block DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
  const running = await serve(installation.data, { env: postgres ? {} : { ...powercut.preload, POWERCUT_SLOW_MS: String(slowMs) } });
  const key = (await zhixin(["key", "create", "--data", installation.data, "--kind", "write", "--source", "web"])).trim();
  const statuses: Record<number, number> = {};
  const acknowledged: string[] = [];
  let retryAfter = true;
  const batch = () => {
    const calls = Array.from({ length: 480 }, () => track({ properties: { filler: "y".repeat(880) } }));
    return { ids: calls.map((c) => c.messageId), body: JSON.stringify({ batch: calls }) };
  };
  const post = (body: string) =>
    new Promise<{ status: number; retry?: string }>((done) => {
      const { hostname, port } = new URL(running.url);
      const call = httpRequest({ hostname, port, path: "/v1/batch", method: "POST", agent: false, headers: { authorization: basic(key), "content-length": Buffer.byteLength(body) } }, (reply) => {
        reply.resume().on("end", () => done({ status: reply.statusCode!, retry: reply.headers["retry-after"] }));
      });
      call.on("error", () => done({ status: 0 }));
      call.end(body);
    });
  let full = false;
  const one = async () => {
    for (let i = 0; i < 2; i++) {
      const { ids, body } = batch();
      const { status, retry } = await post(body);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 200) acknowledged.push(...ids);
      if (status === 503) {
        full = true;
        retryAfter &&= Number(retry) > 0;
      }
    }
  };
  const flood = Promise.all(Array.from({ length: 260 }, one));
  await eventually(async () => full);
  const commits = async () => Number(/^zhixin_intake_commits_total (\d+)/m.exec(await (await fetch(`${running.url}/metrics`)).text())![1]);
  const [began, commitsBefore] = [Date.now(), await commits()];
  const admin = await new Session(running.url).login(installation.email, installation.password);
  const loggedIn = Date.now() - began;
  expect((await admin.get("/api/v1/customers")).status).toBe(200);
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  const [usable, commitsMeanwhile] = [Date.now() - began, (await commits()) - commitsBefore];
  await flood;
  console.log(`full queue, ${slowMs} ms a commit: ${JSON.stringify(statuses)}, login ${loggedIn} ms, login and list ${usable} ms, meanwhile ${commitsMeanwhile} slow commits`);
  expect(statuses[503]).toBeGreaterThan(0);
  expect(statuses[200]).toBeGreaterThan(0);
  expect(Object.keys(statuses).sort()).toEqual(["200", "503"]);
  expect(retryAfter).toBe(true);
  // The session's own writes wait for their turn, not for the end of the flood.
  expect(commitsMeanwhile).toBeLessThan(12);
  // Normal again at once.
  const after = track();
  expect((await withKey(running.url, key, "/v1/track", after)).status).toBe(200);
  const log = (await loggedEvents(installation.data)).map((e) => e.message_id);
  expect(new Set(log).size).toBe(log.length);
  const known = new Set(log);
  expect(acknowledged.filter((id) => !known.has(id))).toEqual([]);
  expect(await running.stop()).toBe(0);
  installation.remove();
});
