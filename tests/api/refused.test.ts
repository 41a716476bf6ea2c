// What is refused changes nothing: every route that writes, refused in each way that it can be, leaves every row of the truth
// and of the key store as it was. The routes come from the program's own document, so that a new one is in from its first day.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Program, Session, startProgram, withKey, zhixin } from "../harness";

let program: Program;
let till: string;
let web: string;
let customer: { id: string; rev: string };
let other: { id: string; rev: string };
let assistant: Session;
let agent: Session;
let manager: Session;
const receipt = {
  store: "SH01",
  till: "1",
  number: "R-1",
  time: "2026-03-01T13:40:00+08:00",
  currency: "CNY",
  kind: "receipt",
  member: { phone: "13812340001" },
  lines: [{ line_no: 1, sku: "K1-M", name: "裙", quantity: 1, list_price: "599.00", paid: "399.00", tax_rate: "13" }],
  tenders: [{ type: "wechat", amount: "399.00" }],
};

/** Every row of both databases as text. The sessions' own clock is left out: it moves by reading, too. */
const rows = () => program.dump().filter((line) => !/INSERT INTO (public\.)?"?(staff_)?session\b/.test(line));
const hash = (list: string[]) => createHash("sha256").update(list.join("\n")).digest("hex");
const counts = { refused: 0, comparisons: 0 };

/** Runs requests that must be refused; what they changed comes back, nothing is right. */
async function unchanged(what: string, requests: (() => Promise<{ status: number }>)[], statuses = [400, 401, 403, 404, 405, 409, 411, 412, 413, 415, 422, 428], apart: RegExp | null = null) {
  const before = rows().filter((row) => !apart?.test(row));
  for (const [i, request] of requests.entries()) {
    const { status } = await request();
    expect(statuses, `${what}, request ${i}: it was answered ${status}`).toContain(status);
    counts.refused++;
  }
  const after = rows().filter((row) => !apart?.test(row));
  counts.comparisons++;
  if (hash(before) === hash(after)) return;
  const had = new Set(before);
  const has = new Set(after);
  expect({ what, gone: before.filter((r) => !has.has(r)), fresh: after.filter((r) => !had.has(r)) }).toEqual({ what, gone: [], fresh: [] });
}

beforeAll(async () => {
  program = await startProgram();
  till = await program.key("api", "till", true);
  web = await program.key("write", "web");
  const { admin } = program;
  await admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }, { code: "SH02", name: "徐汇店", kind: "own" }] });
  await admin.post("/api/v1/products", { products: [{ style: "K1", style_name: "裙", category: "女装/裙", sku: "K1-M", color: "白", size: "M", list_price: "599.00" }] });
  const make = async (name: string, phone: string) => (await admin.post("/api/v1/customers", { name, phones: [phone], home_store: "SH02" })).body;
  customer = await make("王小明", "13812340001");
  other = await make("李雷", "13812340002");
  expect((await withKey(program.url, till, "/api/v1/receipts", receipt)).status).toBe(200);
  const password = "a long password";
  const person = async (role: string) => {
    const email = `${role}@zhixin.example`;
    expect((await admin.post("/api/v1/staff", { name: role, email, role, stores: role === "store" ? ["SH01"] : [], password })).status).toBe(201);
    return new Session(program.url).login(email, password);
  };
  assistant = await person("store");
  agent = await person("agent");
  manager = await person("manager");
});
afterAll(async () => {
  console.log(`refused requests: ${counts.refused}, comparisons of every row: ${counts.comparisons}`);
  expect(await program.stop()).toBe(0);
});

/* ---- each route, in the ways that any can be refused ---- */

interface Route {
  method: string;
  path: string;
  permission: string;
  body: boolean;
  rev: boolean;
}

async function writes(): Promise<Route[]> {
  const document = JSON.parse(await zhixin(["openapi"]));
  return Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods)
      .filter(([method, o]) => !["get", "options"].includes(method) && !path.startsWith("/demo-shop") && o["x-permission"] !== "store.check")
      .map(([method, o]) => ({
        method: method.toUpperCase(),
        path,
        permission: o["x-permission"] as string,
        body: !!o.requestBody,
        rev: (o.parameters ?? []).some((p: any) => p.name === "If-Match"),
      })),
  );
}

test("every route that writes, refused in each way", async () => {
  const routes = await writes();
  expect(routes.length).toBeGreaterThan(20);
  const permissions = async (session: Session) => (await session.get("/api/v1/session")).body.staff.permissions as string[];
  const people = await Promise.all([assistant, agent, manager].map(async (session) => ({ session, may: await permissions(session) })));
  let denied = 0;
  for (const route of routes) {
    const path = route.path.replace("{id}", customer.id);
    const raw = (session: Session | null, headers: Record<string, string>, body?: string) =>
      fetch(program.url + path, {
        method: route.method,
        headers: { ...(session ? { cookie: session.cookie, "x-csrf-token": session.csrf, origin: program.url } : {}), ...headers },
        body: body ?? (route.method === "DELETE" ? undefined : "{}"),
      });
    const json = { "content-type": "application/json" };
    const requests: (() => Promise<{ status: number }>)[] = [];
    if (route.permission !== "public") {
      requests.push(() => raw(null, json));
      if (route.path !== "/api/v1/receipts") requests.push(() => raw(program.admin, { ...json, "x-csrf-token": "forged" }));
      requests.push(() => raw(program.admin, { ...json, origin: "https://evil.example" }));
      requests.push(() => raw(program.admin, { ...json, "sec-fetch-site": "cross-site" }));
      requests.push(() => raw(null, { ...json, authorization: `Basic ${Buffer.from(`${web}:`).toString("base64")}` }));
    }
    for (const { session, may } of people)
      if (route.permission.includes(".") && !may.includes(route.permission)) {
        denied++;
        requests.push(async () => {
          const reply = await raw(session, json);
          expect([route.path, reply.status]).toEqual([route.path, 403]);
          return reply;
        });
      }
    if (route.body) {
      const match: Record<string, string> = route.rev ? { "if-match": '"1"' } : {};
      for (const body of ["{", "[]", "null", '"x"', '{"no_such_field":1}', '{"id":{}}', `{"name":${"[".repeat(40)}${"]".repeat(40)}}`, '{"name":"\\u0000"}', `{"name":"${"x".repeat(1_100_000)}"}`])
        requests.push(() => raw(program.admin, { ...json, ...match }, body));
      requests.push(() => raw(program.admin, { "content-type": "text/plain", ...match }, "{}"));
    }
    await unchanged(`${route.method} ${route.path}`, requests, [400, 401, 403, 404, 411, 412, 413, 415, 422, 428]);
  }
  expect(denied).toBeGreaterThan(20);
});

/* ---- what is well-formed and yet refused ---- */

describe("well-formed requests that are refused", () => {
  const send = (session: Session, method: string, path: string, body?: unknown, headers = {}) => () => session.call(method, path, body, headers);
  const admin = (method: string, path: string, body?: unknown, headers = {}) => () => program.admin.call(method, path, body, headers);

  /** Lists are answered one by one, with 200: all of them refused is a refusal, and that somebody sent them is in the audit. */
  const listed = (path: string, key: string, item: object) => async () => {
    const reply = await program.admin.post(path, { [key]: [item] });
    const refused = reply.status === 200 && reply.body.results.every((r: any) => r.outcome === "refused");
    return { status: refused ? 422 : reply.status };
  };

  const audit = /INSERT INTO audit_row /;
  const quarantine = /INSERT INTO quarantine /;

  test("of customers", async () => {
    const one = `/api/v1/customers/${customer.id}`;
    const form = { name: "王小红", phones: ["13812349999"] };
    const wrong = [{ gender: "x" }, { birthday: "2026-02-30" }, { phones: ["12"] }, { phones: ["138****1234"] }, { emails: ["nobody"] }, { home_store: "nowhere" }, { class: "king" }, { kind: "thing" }, { name: "x".repeat(500) }, { tags: Array.from({ length: 200 }, (_, i) => `t${i}`) }, { note: "x".repeat(5000) }];
    await unchanged("POST /customers", wrong.map((bad) => admin("POST", "/api/v1/customers", { ...form, ...bad })), [422]);
    await unchanged("PATCH /customers/{id}", wrong.map((bad) => admin("PATCH", one, bad, { "if-match": `"${customer.rev}"` })), [422]);
    await unchanged("PATCH /customers/{id} of what is no longer so", [admin("PATCH", one, { name: "新名" }, { "if-match": '"99"' }), admin("PATCH", one, { name: "新名" })], [412, 428]);
    await unchanged("somebody else's phone", [admin("POST", "/api/v1/customers", { ...form, phones: ["13812340001"] }), admin("PATCH", one, { phones: ["13812340002"] }, { "if-match": `"${customer.rev}"` })], [409, 422]);
    await unchanged("nobody", [admin("PATCH", "/api/v1/customers/1", { name: "新名" }, { "if-match": '"1"' }), admin("POST", "/api/v1/customers/1/notes", { text: "x" }), admin("PUT", "/api/v1/customers/1/tags", { tags: ["x"] })], [404]);
    await unchanged("tags, consents, notes", [
      admin("PUT", `${one}/tags`, { tags: Array.from({ length: 200 }, (_, i) => `t${i}`) }),
      admin("PUT", `${one}/consents`, { purpose: "marketing", channel: "pigeon", status: "given", text_version: "1", proof: "x" }),
      admin("PUT", `${one}/consents`, { purpose: "marketing", channel: "sms", status: "perhaps", text_version: "1", proof: "x" }),
      admin("POST", `${one}/notes`, { text: "" }),
      admin("POST", `${one}/notes`, { text: "x".repeat(5000) }),
    ]);
    // Of another store: the assistant may not see her, let alone write.
    await unchanged("a customer of another store", [send(assistant, "PATCH", `/api/v1/customers/${other.id}`, { name: "新名" }, { "if-match": `"${other.rev}"` }), send(assistant, "POST", `/api/v1/customers/${other.id}/notes`, { text: "x" }), send(assistant, "PUT", `/api/v1/customers/${other.id}/tags`, { tags: ["x"] })], [403, 404]);
    await unchanged("查看明文", [send(assistant, "POST", `${one}/reveal`, { fields: ["phone"], purpose: "verify", reason: "she asked for it" }), admin("POST", `${one}/reveal`, { fields: ["phone"], purpose: "verify", reason: "" }), admin("POST", `${one}/reveal`, { fields: ["shoe"], purpose: "verify", reason: "she asked for it" }), admin("POST", `${one}/reveal`, { fields: [], purpose: "verify", reason: "she asked for it" })], [403, 422]);
  });

  test("of receipts", async () => {
    const post = (change: object) => () => withKey(program.url, till, "/api/v1/receipts", { ...receipt, number: "R-2", member: { phone: "13812345555" }, ...change });
    const wrong = [{ store: "nowhere" }, { time: "yesterday" }, { currency: "yuan" }, { kind: "gift" }, { tenders: [{ type: "wechat", amount: "1.00" }] }, { lines: [] }, { lines: [{ ...receipt.lines[0], paid: "399.005" }] }, { lines: [{ ...receipt.lines[0], sku: "" }] }, { lines: [receipt.lines[0], receipt.lines[0]] }, { order_discount: "-1.00" }];
    await unchanged("POST /receipts", wrong.map(post), [400, 404, 422], quarantine); // there they stand, with the reason
    // The same number with another content is a conflict, and the other content is nowhere.
    await unchanged("the same number, other content", [() => withKey(program.url, till, "/api/v1/receipts", { ...receipt, tenders: [{ type: "cash", amount: "399.00" }] }), post({ number: "R-1", lines: [{ ...receipt.lines[0], quantity: 2 }] })], [409], quarantine);
  });

  test("of stores, products, staff, sources, reviews, jobs, imports", async () => {
    await unchanged("stores", [{ code: "" }, { code: "X", name: "x", kind: "moon" }, { code: "X", name: "x", kind: "own", zone_offset_minutes: 9999 }].map((s) => listed("/api/v1/stores", "stores", s)), [422], audit);
    await unchanged("products", [{ style: "" }, { style: "K9", sku: "" }, { style: "K9", sku: "K9-M", list_price: "1.005" }, { style: "K9", sku: "K9-M", launch_day: "soon" }, { style: "K9", sku: "K1-M" }].map((s) => listed("/api/v1/products", "products", s)), [422], audit);
    const staff = { name: "X", email: "x@zhixin.example", role: "store", stores: ["SH01"], password: "a long password" };
    await unchanged("staff", [{ email: "nobody" }, { password: "short" }, { stores: ["nowhere"] }, { role: "king" }, { email: "agent@zhixin.example" }].map((bad) => admin("POST", "/api/v1/staff", { ...staff, ...bad })), [409, 422]);
    const me = (await program.admin.get("/api/v1/session")).body.staff.id;
    const { rev } = (await program.admin.get(`/api/v1/staff/${me}`)).body;
    await unchanged("the last administrator", [admin("PATCH", `/api/v1/staff/${me}`, { enabled: false }, { "if-match": `"${rev}"` }), admin("PATCH", `/api/v1/staff/${me}`, { role: "agent" }, { "if-match": `"${rev}"` })], [409]);
    await unchanged("one's own password", [admin("POST", "/api/v1/session/password", { current: "not this one", password: "another long one" }), admin("POST", "/api/v1/session/password", { current: program.password, password: "short" })], [422]);
    await unchanged("sources and keys", [admin("POST", "/api/v1/sources", { name: "" }), admin("POST", "/api/v1/sources/1/keys", { kind: "write" }), admin("DELETE", "/api/v1/keys/1")], [404, 422]);
    await unchanged("reviews and jobs", [admin("POST", "/api/v1/reviews/1", { decision: "separate", reason: "x" }), admin("POST", "/api/v1/jobs/1/cancel")], [404, 422]);
    await unchanged("imports", [admin("POST", "/api/v1/imports?kind=elephants", {}), admin("POST", "/api/v1/imports", {})]);
  });

  test("of collection", async () => {
    const call = (body: string, headers: Record<string, string> = {}) => () => fetch(`${program.url}/v1/track`, { method: "POST", body, headers });
    const key = { authorization: `Basic ${Buffer.from(`${web}:`).toString("base64")}` };
    const event = JSON.stringify({ event: "Seen", anonymousId: "a", messageId: "m" });
    await unchanged("POST /v1/track", [call(event), call(event, { authorization: "Basic eDo=" }), call("{", key), call("", key), call(`{"event":"x","anonymousId":"a","properties":{"x":"${"y".repeat(40_000)}"}}`, key), call(event, { ...key, "content-encoding": "br" }), call(event, { ...key, "content-encoding": "gzip" })], [400, 401, 413, 415]);
  });
});

test("and the comparison sees a change: what is taken shows", async () => {
  const before = rows();
  expect((await program.admin.put(`/api/v1/customers/${customer.id}/tags`, { tags: ["vip"] })).status).toBe(200);
  expect(hash(rows())).not.toBe(hash(before));
});
