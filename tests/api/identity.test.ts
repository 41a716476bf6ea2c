// Who is it? Claims against proof, merges with evidence, conflicts for people to decide, and ids that resolve for ever.
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, startProgram, withKey, zhixin } from "../harness";

let program: Program;
let server: string;
let browser: string;
let message = 0;
const identify = (key: string, body: object) => withKey(program.url, key, "/v1/identify", { messageId: `id-${message++}`, ...body });
const lookup = async (q: string) => (await program.admin.post("/api/v1/customers/lookup", { q })).body;
const idOf = async (q: string) => (await lookup(q)).items[0]?.id;
const record = async (id: string) => (await program.admin.get(`/api/v1/customers/${id}`)).body;

beforeAll(async () => {
  program = await startProgram();
  server = await program.key("write", "server", true);
  browser = await program.key("write", "browser");
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

test("1,000 forged identifies with other people's phones move nobody", async () => {
  for (let i = 0; i < 100; i++) await identify(server, { userId: `real-${i}`, traits: { phone: `1380000${String(1000 + i)}` } });
  const before = await Promise.all(Array.from({ length: 100 }, (_, i) => idOf(`1380000${1000 + i}`)));
  expect(new Set(before).size).toBe(100);
  for (let round = 0; round < 10; round++)
    await withKey(program.url, browser, "/v1/batch", {
      batch: Array.from({ length: 100 }, (_, i) => ({
        type: "identify",
        messageId: `forged-${round}-${i}`,
        anonymousId: `thief-${round}`,
        userId: `real-${(i + 7) % 100}`,
        traits: { phone: `1380000${1000 + i}`, email: "thief@example.com" },
      })),
    });
  const after = await Promise.all(Array.from({ length: 100 }, (_, i) => idOf(`1380000${1000 + i}`)));
  expect(after).toEqual(before);
  expect((await lookup("thief@example.com")).kind).toBe("none");
  const her = await record(before[0]);
  expect(her.identifiers.filter((i: any) => i.kind === "device")).toHaveLength(0);
});

test("what a public key claims stays with its event as a keyed hash, which nobody can send himself", async () => {
  const claimed = { anonymousId: "claims-1", traits: { phone: "13955550001", mobile: "13955550001" } };
  await identify(browser, claimed);
  await identify(browser, { ...claimed, anonymousId: "claims-2" });
  await withKey(program.url, browser, "/v1/track", {
    messageId: "claims-forged",
    anonymousId: "claims-3",
    event: "Cart Viewed",
    properties: { $claims: ["phone:00"], step: 1 },
  });
  const lines = (await zhixin(["export", "events", "--data", program.data, "--format", "jsonl"])).trim().split("\n");
  const props = lines.slice(-3).map((line) => JSON.parse(JSON.parse(line).properties || "{}"));
  expect(props[0].$claims[0]).toMatch(/^phone:[0-9a-f]{32}$/);
  expect(props[1].$claims).toEqual(props[0].$claims);
  expect(props[2]).toEqual({ step: 1 });
});

test("a phone and an e-mail of two records become one person when one trusted call holds both; the other id resolves", async () => {
  await identify(server, { traits: { phone: "13911110001" } });
  await identify(server, { traits: { email: "one@example.com" } });
  const byPhone = await idOf("13911110001");
  const byMail = await idOf("one@example.com");
  expect(byPhone).not.toBe(byMail);
  await identify(server, { traits: { phone: "13911110001", email: "one@example.com" } });
  expect(await idOf("one@example.com")).toBe(byPhone);
  const merged = await record(byMail);
  expect(merged.id).toBe(byPhone);
  expect(merged.members).toContain(byMail);
});

test("two shop accounts with one phone stay two people, and the conflict waits in 待核对", async () => {
  await identify(server, { userId: "mother", traits: { phone: "13922220001" } });
  await identify(server, { userId: "daughter", traits: { phone: "13922220001" } });
  const mother = await idOf("13922220001");
  const found = await program.admin.get("/api/v1/reviews?status=open");
  const pair = found.body.items.find((r: any) => [r.left?.id, r.right?.id].includes(mother));
  expect(pair.rule).toBe("unique_differs");
  expect(pair.left.id).not.toBe(pair.right.id);
});

test("masked, placeholder and malformed values identify nobody", async () => {
  for (const phone of ["138****5678", "13800000000", "12345", "00000000000"]) await identify(server, { userId: `odd-${phone}`, traits: { phone } });
  for (const phone of ["13800000000", "12345"]) expect((await lookup(phone)).kind).toBe("none");
});

test("a user id signed by the shop's server binds the browser, and its earlier views become hers", async () => {
  const secret = "shop-signing-secret-0123456789abcdef";
  const sources = await program.admin.get("/api/v1/sources");
  const source = sources.body.items.find((s: any) => s.name === "browser");
  const patched = await program.admin.patch(`/api/v1/sources/${source.id}`, { signing_secret: secret }, { "if-match": `"${source.rev}"` });
  expect(patched.status).toBe(200);
  await identify(server, { userId: "signed-1", traits: { phone: "13933330001" } });
  await withKey(program.url, browser, "/v1/page", { messageId: "pv-1", anonymousId: "her-browser", name: "Coat" });
  const proof = createHmac("sha256", secret).update("signed-1").digest("hex");
  await identify(browser, { anonymousId: "her-browser", userId: "signed-1", context: { user_proof: proof } });
  const id = await idOf("13933330001");
  expect((await record(id)).identifiers.filter((i: any) => i.kind === "device")).toHaveLength(1);
  await identify(browser, { anonymousId: "other-browser", userId: "signed-1", context: { user_proof: proof.replace(/^./, "0").replace(/.$/, "1") } });
  expect((await record(id)).identifiers.filter((i: any) => i.kind === "device")).toHaveLength(1);
});

test("each identifier answers why it is hers", async () => {
  const id = await idOf("13911110001");
  const phone = (await record(id)).identifiers.find((i: any) => i.kind === "phone");
  const evidence = await program.admin.get(`/api/v1/customers/${id}/identifiers/${phone.id}`);
  expect(evidence.body.items[0]).toMatchObject({ event_kind: "event", rule: "phone", rule_version: 1, proven: true });
});

test("an identifier on too many receipts of one day is not believed", async () => {
  const till = await program.key("api", "till", true);
  await program.admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" }] });
  const receipt = (n: number) => ({
    store: "SH01",
    till: "1",
    number: `T${n}`,
    time: "2026-03-01T13:40:00+08:00",
    currency: "CNY",
    kind: "receipt",
    member: { phone: "13944440001" },
    lines: [{ line_no: 1, sku: "S", quantity: 1, list_price: "10.00", paid: "10.00" }],
    tenders: [{ type: "cash", amount: "10.00" }],
  });
  const reply = await withKey(program.url, till, "/api/v1/receipts", { receipts: Array.from({ length: 40 }, (_, i) => receipt(i)) });
  const ids = reply.body.results.map((r: any) => r.customer_id);
  const mine = await idOf("13944440001");
  expect(ids.filter((i: string) => i === mine)).toHaveLength(10);
  const reviews = await program.admin.get("/api/v1/reviews?status=open");
  expect(reviews.body.items.some((r: any) => r.rule === "too_many_receipts" && r.left.id === mine)).toBe(true);
});
