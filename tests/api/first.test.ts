// The thinnest path through all layers: a receipt of a till and an identify of the shop's server end in one record, sealed.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Program, startProgram, withKey } from "../harness";

let program: Program;
let till: string;
let server: string;
const phone = "13912345678";

beforeAll(async () => {
  program = await startProgram();
  till = await program.key("api", "till", true);
  server = await program.key("write", "shop-server", true);
  const store = await program.admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" }] });
  expect(store.status).toBe(200);
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

const receipt = (number: string, paid = "399.00") => ({
  store: "SH01",
  till: "1",
  number,
  time: "2026-03-01T13:40:00+08:00",
  currency: "CNY",
  kind: "receipt",
  member: { phone },
  lines: [{ line_no: 1, sku: "K1001-02-M", name: "亚麻连衣裙", quantity: 1, list_price: "599.00", paid, tax_rate: "13" }],
  tenders: [{ type: "wechat", amount: paid }],
});

test("a receipt is new once, then the same, and another content is a conflict", async () => {
  const first = await withKey(program.url, till, "/api/v1/receipts", receipt("R1"));
  expect(first.status).toBe(200);
  expect(first.body.results[0].outcome).toBe("new");
  const again = await withKey(program.url, till, "/api/v1/receipts", receipt("R1"));
  expect(again.body.results[0].outcome).toBe("same");
  const other = await withKey(program.url, till, "/api/v1/receipts", receipt("R1", "398.00"));
  expect(other.status).toBe(409);
  expect(other.body.error).toMatchObject({ code: "conflict", field: "number" });
});

test("an identify by the shop's server finds the person of the receipt", async () => {
  const reply = await withKey(program.url, server, "/v1/batch", {
    batch: [
      { type: "page", anonymousId: "device-1", messageId: "m-1", name: "亚麻连衣裙", properties: { path: "/p/linen" } },
      { type: "identify", anonymousId: "device-1", userId: "u-1", messageId: "m-2", traits: { phone: "+86 139-1234-5678", name: "李小明" } },
    ],
  });
  expect(reply.status).toBe(200);
  const found = await program.admin.post("/api/v1/customers/lookup", { q: phone });
  expect(found.body.kind).toBe("exact");
  const id = found.body.items[0].id;
  const record = await program.admin.get(`/api/v1/customers/${id}`);
  expect(record.body.name).toBe("李**");
  expect(record.body.phone).toBe("139****5678");
  expect(record.body.identifiers.map((i: any) => i.kind).sort()).toEqual(["account", "device", "phone"]);
  const kinds = await eventually(async () => {
    const story = await program.admin.get(`/api/v1/customers/${id}/timeline`);
    const seen = new Set(story.body.items.map((i: any) => i.kind));
    return seen.has("receipt") && seen.has("web") && seen;
  });
  expect(kinds).toBeTruthy();
});

test("what was never proven moves nobody", async () => {
  const key = await program.key("write", "shop-browser");
  const before = await program.admin.post("/api/v1/customers/lookup", { q: phone });
  for (let i = 0; i < 20; i++)
    await withKey(program.url, key, "/v1/identify", { anonymousId: `forged-${i}`, userId: `attacker-${i}`, messageId: `f-${i}`, traits: { phone, name: "Mallory" } });
  const after = await program.admin.post("/api/v1/customers/lookup", { q: phone });
  expect(after.body).toEqual(before.body);
});
