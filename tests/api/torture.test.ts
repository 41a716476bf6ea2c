// Hostile input through every door that takes text: JSON that parsers choke on, strings that programs stumble over, CSV from
// hell. Each is taken or refused cleanly: never a crash, never the server's fault, and what was taken is what was sent.
import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, followed, loggedEvents, type Program, realData, startProgram, zhixin } from "../harness";

const json = realData("json_torture");
const naughty = realData("naughty_strings");
const csv = realData("csv_torture");

let program: Program;
let server: string;
let till: string;
let pid: number;
beforeAll(async () => {
  program = await startProgram();
  server = await program.key("write", "shop-server", true);
  till = await program.key("api", "till", true);
  await program.admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] });
  pid = (await supervised()).pid;
});
afterAll(async () => {
  // Nobody died on the way, and what was stored is whole.
  expect((await supervised()).restarts).toBe(0);
  expect((await supervised()).pid).toBe(pid);
  program.process.kill("SIGTERM");
  expect(await program.exited).toBe(0);
  await zhixin(["verify", "--data", program.data]);
  program.remove();
});

/** The supervisor lives, and says how often it had to start a child again. */
async function supervised() {
  expect((await fetch(`${program.url}/healthz`)).status).toBe(200);
  return { pid: program.process.pid!, restarts: (program.log().match(/supervisor\.child_ended/g) ?? []).length };
}

const basic = (key: string) => `Basic ${Buffer.from(`${key}:`).toString("base64")}`;

/** Posts bytes; a status of the server's own fault fails. */
async function post(path: string, body: Uint8Array | string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const reply = await fetch(program.url + path, { method: "POST", body: body as BodyInit, headers: { "content-type": "application/json", ...headers } });
  const text = await reply.text();
  if (reply.status >= 500) throw new Error(`${path} answered ${reply.status} to ${Buffer.from(body).toString("latin1").slice(0, 200)}: ${text}`);
  return { status: reply.status, text };
}
const asStaff = () => ({ cookie: program.admin.cookie, "x-csrf-token": program.admin.csrf, origin: program.url });

/** Runs `fn` over all, some at a time. */
async function each<T>(list: T[], fn: (item: T, i: number) => Promise<void>, atOnce = 8) {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < list.length) {
      const i = next++;
      await fn(list[i], i);
    }
  }));
}

test.skipIf(!json)(`JSON that parsers choke on${json ? "" : " (no ../shared/data: skipped)"}`, async () => {
  const files = ["test_parsing", "test_transform"].flatMap((folder) => readdirSync(join(json!, folder)).filter((f) => f.endsWith(".json")).map((f) => [f, readFileSync(join(json!, folder, f))] as const));
  expect(files.length).toBeGreaterThan(300);
  const wrong: string[] = [];
  let [taken, refused] = [0, 0];
  await each(files, async ([file, bytes]) => {
    const around = (before: string, after: string) => Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
    const raw = await post("/v1/batch", bytes, { authorization: basic(server) });
    const id = randomUUID();
    const inProperty = await post("/v1/track", around(`{"event":"E","anonymousId":"d","messageId":"${id}","properties":{"x":`, "}}"), { authorization: basic(server) });
    const inBatch = await post("/v1/batch", around('{"batch":[', "]}"), { authorization: basic(server) });
    for (const path of ["/v1/track", "/v1/identify", "/v1/page"]) await post(path, bytes, { authorization: basic(server) });
    await post("/api/v1/receipts", bytes, { authorization: basic(till) });
    await post("/api/v1/receipts", around('{"receipts":[', "]}"), { authorization: basic(till) });
    for (const path of ["/api/v1/customers", "/api/v1/customers/lookup", "/api/v1/products"]) {
      const reply = await post(path, bytes, asStaff());
      if (reply.status < 400) wrong.push(`${path} took ${file}`);
      await post(path, around('{"q":', "}"), asStaff());
    }
    // The corpus says which are JSON (y), which are not (n), and which may be either (i).
    if (file.startsWith("n_") && raw.status !== 400) wrong.push(`${file}: ${raw.status}`);
    if (file.startsWith("y_") && [raw.status, inProperty.status, inBatch.status].some((s) => s !== 200) && !bytes.includes("\\u0000")) wrong.push(`${file}: ${raw.status} ${inProperty.status} ${inBatch.status}`);
    raw.status === 200 ? taken++ : refused++;
  });
  expect(wrong).toEqual([]);
  console.log(`json_torture: ${files.length} files at 11 places, ${taken} taken, ${refused} refused`);
});

describe.skipIf(!naughty)(`strings that programs stumble over${naughty ? "" : " (no ../shared/data: skipped)"}`, () => {
  const strings: string[] = naughty ? JSON.parse(readFileSync(join(naughty, "blns.json"), "utf8")) : [];
  const extra = ["\u0000", "a\u0000b", "𠮷".repeat(200), "\ufeff", "\u202eabc", "e\u0301".repeat(500), "x".repeat(3_000), "\uffff", "\u{10ffff}", "٠١٢٣", "1e309", "-0", "NaN", "丝".repeat(67), `丝${"a".repeat(299)}丝`];
  const all = [...strings, ...extra];

  test("in every text of events", async () => {
    expect(strings.length).toBeGreaterThan(500);
    const batches: object[][] = [];
    all.forEach((s, i) => {
      const calls = [
        { type: "track", event: s || "E", anonymousId: "n", messageId: `t-${i}`, properties: { [s]: s, value: s, price: s, quantity: s, sku: s, category: s, currency: s, order_id: s, title: s, path: s, url: s, referrer: s, deep: { [s]: [s, { [s]: s }] } } },
        { type: "identify", userId: s, anonymousId: `n-${i}`, messageId: `i-${i}`, traits: { name: s, firstName: s, lastName: s, phone: s, email: s, gender: s, birthday: s, card: s, unionid: s, weibo_uid: s, address: { province: s, city: s, district: s, street: s, postalCode: s } } },
        { type: "page", name: s, anonymousId: s, messageId: s, context: { page: { path: s, title: s, url: s, referrer: s }, campaign: { source: s, medium: s, name: s }, userAgent: s, device: { type: s }, user_proof: s } },
        { type: s, event: s, userId: s, anonymousId: s, timestamp: s, originalTimestamp: s, sentAt: s, messageId: s },
        { type: "group", groupId: s, anonymousId: "n", traits: { name: s }, messageId: `g-${i}` },
        { type: "alias", previousId: s, userId: s, messageId: `a-${i}` },
        { type: "track", event: "Order Completed", anonymousId: "n", messageId: `o-${i}`, properties: { order_id: `o-${i}`, total: s, coupon: s, currency: s, products: [{ sku: s, name: s, price: s, quantity: s, category: s }] } },
        { type: "track", event: "Order Completed", anonymousId: "n", messageId: `p-${i}`, properties: { order_id: s, total: "1.00" } },
        { type: "track", event: "Order Refunded", anonymousId: "n", messageId: `r-${i}`, properties: { order_id: s, total: s, refund_id: s } },
      ];
      batches.push(calls);
    });
    const refused: number[] = [];
    await each(batches, async (batch, i) => {
      const reply = await post("/v1/batch", JSON.stringify({ batch }), { authorization: basic(server) });
      if (reply.status !== 200) refused.push(i);
    });
    // Only what holds U+0000 can't be a body at all.
    expect(refused.map((i) => all[i]).filter((s) => !s.includes("\u0000"))).toEqual([]);
    const log = new Map((await loggedEvents(program.data)).map((e) => [e.message_id, e]));
    all.forEach((s, i) => {
      if (!s.includes("\u0000") && [...s].length <= 200) expect([i, log.has(`t-${i}`), log.has(`i-${i}`)]).toEqual([i, true, true]);
    });
  });

  test("in every text of receipts", async () => {
    const receipt = (s: string, n: string) => ({
      store: "SH01", till: "1", number: n, time: "2026-03-01T13:40:00+08:00", currency: "CNY", kind: "receipt", member: { phone: s },
      lines: [{ line_no: 1, sku: s, name: s, quantity: 1, list_price: "10.00", paid: "10.00", promotion: s, coupon: s, return_reason: s }],
      tenders: [{ type: "cash", amount: "10.00" }], staff: [{ no: s, share: 100 }],
    });
    await each(all, async (s, i) => {
      await post("/api/v1/receipts", JSON.stringify(receipt(s, `N-${i}`)), { authorization: basic(till) });
      const one = receipt("K1", "X");
      const places = [{ ...one, number: s, till: s }, { ...one, store: s }, { ...one, time: s }, { ...one, currency: s, kind: s }, { ...one, member: { email: s } }, { ...one, member: { card: s } }, { ...one, member: { unionid: s } }, { ...one, member: { account: s } }, { ...one, lines: s }, { ...one, [s]: s }];
      await post("/api/v1/receipts", JSON.stringify({ receipts: places }), { authorization: basic(till) });
      const money = { ...one, number: `M-${i}`, lines: [{ ...one.lines[0], paid: s, list_price: s, discount: s, tax_rate: s, quantity: s }], tenders: [{ type: s, amount: s }], order_discount: s, freight: s };
      await post("/api/v1/receipts", JSON.stringify(money), { authorization: basic(till) });
    });
  });

  test("in every text of the customer form and of what staff write", async () => {
    const { admin } = program;
    const base = (await admin.post("/api/v1/customers", { name: "王小明", phones: ["13900000001"] })).body;
    const unequal: string[] = [];
    await each(all, async (s, i) => {
      const call = async (method: string, path: string, body: object, headers = {}) => {
        const reply = await admin.call(method, path, body, headers);
        if (reply.status >= 500) throw new Error(`${method} ${path} ${JSON.stringify(body).slice(0, 200)}: ${reply.status} ${JSON.stringify(reply.body)}`);
        return reply;
      };
      const form = { name: s, phones: [`1391${String(i).padStart(7, "0")}`] };
      const made = await call("POST", "/api/v1/customers", form);
      if (made.status === 201) {
        const shown = await call("POST", `/api/v1/customers/${made.body.id}/reveal`, { fields: ["name"], purpose: "verify", reason: "does it read back" });
        const name = shown.body?.values?.name;
        const same = (x: string) => x.normalize("NFC").trim();
        if (shown.status === 200 && same(String(Array.isArray(name) ? name[0] : (name ?? ""))) !== same(s)) unequal.push(`${i} ${JSON.stringify(s)} → ${JSON.stringify(name)}`);
      }
      const every = { name: s, gender: s, birthday: s, phones: [s], emails: [s], cards: [s], addresses: [{ province: s, city: s, district: s, street: s }], wechat_unionid: s, weibo_uid: s, home_store: s, own_assistant: s, sizes: { top: s, bottom: s, shoe: s }, tastes: [s], tags: [s], note: s, class: s, kind: s };
      await call("POST", "/api/v1/customers", every);
      for (const [key, value] of Object.entries(every)) await call("POST", "/api/v1/customers", { name: "王", phones: [`1392${String(i).padStart(7, "0")}`], [key]: value });
      await call("POST", "/api/v1/customers/lookup", { q: s });
      await call("POST", "/api/v1/customers/search", { q: s, store: s, tag: s, sort: s, after: s });
      await call("POST", "/api/v1/customers/duplicates", { name: s, phone: s, email: s, card: s });
      await call("POST", `/api/v1/customers/${base.id}/notes`, { text: s });
      await call("PUT", `/api/v1/customers/${base.id}/tags`, { tags: [s] });
      await call("PUT", `/api/v1/customers/${base.id}/consents`, { purpose: s, channel: s, status: s, text_version: s, proof: s });
      await call("PUT", `/api/v1/customers/${base.id}/consents`, { purpose: "marketing", channel: "sms", status: "given", text_version: s, proof: s });
      await call("PATCH", `/api/v1/customers/${base.id}`, { name: s }, { "if-match": `"${encodeURIComponent(s).slice(0, 40)}"` });
      await call("POST", "/api/v1/stores", { stores: [{ code: s, name: s, region: s, city: s, kind: s }] });
      await call("POST", "/api/v1/products", { products: [{ style: s, style_name: s, category: s, brand: s, season: s, wave: s, launch_day: s, sku: s, color: s, size: s, barcode: s, list_price: s, image: s }] });
      await call("POST", "/api/v1/staff", { email: s, name: s, role: s, password: s });
      await call("POST", "/api/v1/sources", { name: s, code: s, kind: s });
      await call("POST", "/api/v1/session", { email: s.slice(0, 100), password: "" });
      const q = encodeURIComponent(Buffer.from(s).toString()).slice(0, 3000);
      for (const path of [`customers?sort=${q}&store=${q}&tag=${q}&class=${q}&after=${q}&limit=${q}`, `customers/${q.slice(0, 200)}`, `orders?channel=${q}&store=${q}&from=${q}&to=${q}&after=${q}`, `overview?from=${q}&to=${q}&compare=${q}&channel=${q}&store=${q}&category=${q}`, `styles?q=${q}&season=${q}`, `quarantine?reason=${q}&after=${q}`, `audit?after=${q}`, `stream?topics=${q}`]) {
        const ended = new AbortController();
        const reply = await fetch(`${program.url}/api/v1/${path}`, { headers: { cookie: admin.cookie }, signal: ended.signal });
        if (reply.status >= 500) throw new Error(`${path}: ${reply.status}`);
        ended.abort();
      }
    }, 6);
    expect(unequal).toEqual([]);
    expect((await admin.get("/api/v1/customers?limit=200")).status).toBe(200);
  });

  test("what was taken can be read, listed, exported, and the warehouse took it too", async () => {
    const { admin } = program;
    for (const path of ["events/recent", "quarantine?limit=200", "orders?limit=200", "styles?limit=200", "stores", "customers?limit=200", "audit?limit=200", "reviews"])
      expect([path, (await admin.get(`/api/v1/${path}`)).status]).toEqual([path, 200]);
    await followed(admin);
    const lines = (await zhixin(["export", "events", "--data", program.data, "--format", "jsonl"])).split("\n").filter(Boolean);
    for (const line of lines) JSON.parse(line);
    expect(lines.length).toBeGreaterThan(1000);
  });
});

describe("CSV", () => {
  async function upload(kind: string, bytes: Uint8Array): Promise<{ status: number; job?: any }> {
    const reply = await post(`/api/v1/imports?kind=${kind}`, bytes, { ...asStaff(), "content-type": "text/csv" });
    if (reply.status !== 202) return { status: reply.status };
    const { job } = JSON.parse(reply.text);
    const ended = await eventually(async () => {
      const { body } = await program.admin.get(`/api/v1/jobs/${job}`);
      return ["done", "failed", "cancelled"].includes(body.status) && body;
    });
    return { status: 202, job: ended };
  }
  const judge = (name: string, kind: string, { job }: { job?: any }) => {
    if (job?.status !== "done") return;
    const r = job.result;
    expect([name, kind, r.new + r.updated + r.same + r.refused]).toEqual([name, kind, r.rows]);
  };
  const kinds = ["receipts", "orders", "products", "customers"];

  test.skipIf(!csv)(`in every dialect of the corpus${csv ? "" : " (no ../shared/data: skipped)"}`, async () => {
    const files = readdirSync(csv!, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".csv"));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) for (const kind of kinds) judge(file, kind, await upload(kind, readFileSync(join(csv!, file))));
  });

  test("that is none", async () => {
    const head = "name,phone,email\n";
    const wide = Array.from({ length: 300 }, (_, i) => `c${i}`).join(",");
    const cases: Record<string, Uint8Array | string> = {
      bytes: randomBytes(20_000),
      empty: " ",
      "only a newline": "\n",
      "NUL in a cell": `${head}a\u0000b,13900000002,x@example.com\n`,
      "a quote that never ends": `${head}"王,13900000003,x@example.com\n${"x,y,z\n".repeat(100)}`,
      "a cell of 100 KB": `${head}${"x".repeat(100_000)},13900000004,\n`,
      "300 columns": `${wide}\n${wide}\n`,
      "no newline at the end": `${head}王,13900000005,`,
      "more cells than columns": `${head}a,b,c,d,e,f,g\n`,
      "fewer cells": `${head}a\n\n,\n`,
      "UTF-16 with BOM": Buffer.from(`\ufeff${head}王,13900000006,x@example.com\n`, "utf16le"),
      "UTF-8 with BOM": `\ufeff${head}王,13900000007,x@example.com\n`,
      "half a character": Buffer.concat([Buffer.from(head), Buffer.from([0xe7, 0x8e]), Buffer.from(",13900000008,\n")]),
      "GB18030": Buffer.concat([Buffer.from([0xd0, 0xd5, 0xc3, 0xfb, 0x2c, 0xca, 0xd6, 0xbb, 0xfa, 0x0a]), Buffer.from([0xcd, 0xf5]), Buffer.from(",13900000009\n")]),
      "old Mac line ends": `name,phone\r王,13900000010\r李,13900000011\r`,
      "the same header twice": "phone,phone,name\n1,2,3\n",
      formula: `${head}"=HYPERLINK(""http://x"")",13900000012,@SUM(1)\n`,
    };
    for (const [name, bytes] of Object.entries(cases)) for (const kind of kinds) judge(name, kind, await upload(kind, Buffer.from(bytes)));
  });
});
