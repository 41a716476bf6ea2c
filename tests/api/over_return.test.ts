// The same goods come back twice. A till reports what happened, so the receipt is taken; its line is flagged, the answer
// says so, and the case waits in 待核对 until somebody closes it with a reason.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, Session, startProgram, withKey, zhixin } from "../harness";

let program: Program;
let till: string;
let shop: string;

const line = (sku: string, quantity: number, price: number) => ({
  sku,
  quantity,
  list_price: String(price),
  paid: (quantity * price).toFixed(2),
});
const receipt = (number: string, lines: object[], total: number) => ({
  store: "SH01",
  till: "1",
  number,
  time: "2026-03-01T13:40:00+08:00",
  member: { phone: "13944440009" },
  lines,
  tenders: [{ type: "cash", amount: total.toFixed(2) }],
});
const back = (of: object, sku: string, quantity: number, price: number) => ({
  ...line(sku, -quantity, price),
  return_of: of,
});
const ofReceipt = (number: string, line_no?: number) => ({
  store: "SH01",
  till: "1",
  number,
  ...(line_no ? { line_no } : {}),
});
const ofOrder = (order_id: string, line_no?: number) => ({
  source: "web-shop",
  order_id,
  ...(line_no ? { line_no } : {}),
});
const post = async (body: object) => {
  const reply = await withKey(program.url, till, "/api/v1/receipts", body, { "accept-language": "zh-CN" });
  expect(reply.status).toBe(200);
  return reply.body.results[0];
};
const track = (event: string, messageId: string, properties: object) =>
  withKey(program.url, shop, "/v1/track", {
    type: "track",
    userId: "u-9",
    anonymousId: "device-9",
    event,
    messageId,
    timestamp: "2026-03-01T12:00:00Z",
    properties,
  });
const reviews = async (status = "open") =>
  (await program.admin.get(`/api/v1/reviews?status=${status}`)).body.items.filter(
    (r: any) => r.rule === "over_returned",
  );
const caseOf = async (number: string, status = "open") =>
  (await reviews(status)).find((r: any) => r.thing.order.number === number);
const order = async (id: string) => (await program.admin.get(`/api/v1/orders/${id}`)).body;
const webOrder = async (number: string) => {
  const products = [{ product_id: "K1", sku: "K1", name: "裙", price: 499, quantity: 1 }];
  await track("Order Completed", `o-${number}`, { order_id: number, total: 499, currency: "CNY", products });
};

beforeAll(async () => {
  program = await startProgram();
  till = await program.key("api", "till", true);
  shop = await program.key("write", "web-shop", true);
  await program.admin.post("/api/v1/stores", {
    stores: [{ code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" }],
  });
  await post(receipt("S1", [line("A", 1, 100), line("B", 2, 50)], 200));
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

test("what comes back once is nobody's concern", async () => {
  const result = await post(receipt("R1", [back(ofReceipt("S1", 1), "A", 1, 100)], -100));
  expect(result).toMatchObject({ outcome: "new", warnings: [] });
  expect(await reviews()).toEqual([]);
});

test("the second return of one line is taken, and the answer says so with field and way out", async () => {
  const result = await post(receipt("R2", [back(ofReceipt("S1", 1), "A", 1, 100)], -100));
  expect(result.outcome).toBe("new");
  expect(result.warnings).toHaveLength(1);
  expect(result.warnings[0]).toMatchObject({
    field: "lines[0].return_of",
    code: "over_returned",
    sold: 1,
    returned: 2,
  });
  expect(result.warnings[0].message).toContain("待核对");
  const returned = await order(result.id);
  expect(returned.over_returned).toBe(true);
  expect(returned.lines[0].over_returned).toBe(1);
});

test("the case stands in 待核对 with the sold order, what returned it, and how many", async () => {
  const found = await caseOf("S1");
  expect(found.right).toBeNull();
  expect(found.left.id).toBeTruthy();
  expect(found.thing.order.lines).toEqual([expect.objectContaining({ line_no: 1, sku: "A", sold: 1, returned: 2 })]);
  expect(found.thing.order.returns.map((r: any) => [r.number, r.pieces, r.over_returned])).toEqual([
    ["R1", 1, 0],
    ["R2", 1, 1],
  ]);
  const listed = (await program.admin.get("/api/v1/orders")).body.items;
  expect(Object.fromEntries(listed.map((o: any) => [o.number, o.over_returned]))).toEqual({
    S1: true,
    R1: false,
    R2: true,
  });
});

test("the same receipt again warns of nothing and flags nothing twice", async () => {
  const before = await caseOf("S1");
  const result = await post(receipt("R2", [back(ofReceipt("S1", 1), "A", 1, 100)], -100));
  expect(result).toMatchObject({ outcome: "same", warnings: [] });
  expect(await caseOf("S1")).toEqual(before);
});

test("it is closed with a reason by who may; it is no pair that could be separate", async () => {
  const found = await caseOf("S1");
  const decide = (session: Session, decision: string, reason: string) =>
    session.post(`/api/v1/reviews/${found.id}`, { decision, reason }, { "if-match": `"${found.rev}"` });
  expect((await decide(program.admin, "separate", "两个人")).body.error.field).toBe("decision");
  expect((await decide(program.admin, "settled", "")).body.error.field).toBe("reason");
  await program.admin.post("/api/v1/staff", {
    name: "店员",
    email: "s@zhixin.example",
    password: "long-enough-9-words",
    role: "store",
    staff_no: "A01",
    store: "SH01",
  });
  const clerk = new Session(program.url);
  await clerk.login("s@zhixin.example", "long-enough-9-words").catch(() => undefined);
  expect((await decide(clerk, "settled", "已追回货款")).status).toBeGreaterThanOrEqual(401);
  expect((await decide(program.admin, "settled", "已追回货款")).status).toBe(200);
  expect(await reviews()).toEqual([]);
  expect((await caseOf("S1", "settled")).reason).toBe("已追回货款");
});

test("a return that comes after the case was closed opens it again", async () => {
  await post(receipt("R3", [back(ofReceipt("S1", 1), "A", 1, 100)], -100));
  expect((await caseOf("S1")).thing.order.lines[0].returned).toBe(3);
});

test("without a line number the pieces of all lines of its SKU count", async () => {
  await post(receipt("S2", [line("C", 1, 80), line("C", 1, 80)], 160));
  for (const number of ["R4", "R5"])
    expect((await post(receipt(number, [back(ofReceipt("S2"), "C", 1, 80)], -80))).warnings).toEqual([]);
  expect((await post(receipt("R6", [back(ofReceipt("S2"), "C", 1, 80)], -80))).warnings[0]).toMatchObject({
    sold: 2,
    returned: 3,
  });
});

test("a web return and a till's return of one line are two", async () => {
  await webOrder("W1");
  await track("Order Refunded", "r-1", {
    order_id: "W1",
    total: 499,
    currency: "CNY",
    products: [{ sku: "K1", price: 499, quantity: 1, line_no: 1 }],
  });
  expect(await caseOf("W1")).toBeUndefined();
  expect((await post(receipt("R7", [back(ofOrder("W1", 1), "K1", 1, 499)], -499))).warnings).toHaveLength(1);
  expect((await caseOf("W1")).thing.order.returns.map((r: any) => r.channel).sort()).toEqual(["store", "web"]);
});

test("a till's return, then the web's: the event is flagged like a receipt", async () => {
  await webOrder("W2");
  await post(receipt("R8", [back(ofOrder("W2", 1), "K1", 1, 499)], -499));
  await track("Order Refunded", "r-2", {
    order_id: "W2",
    total: 499,
    currency: "CNY",
    products: [{ sku: "K1", price: 499, quantity: 1, line_no: 1 }],
  });
  expect((await caseOf("W2")).thing.order.lines[0]).toMatchObject({ sold: 1, returned: 2 });
});

test("of an order that was refunded whole nothing can come back, in either order", async () => {
  await webOrder("W3");
  await track("Order Refunded", "r-3", { order_id: "W3" });
  const codes = (await post(receipt("R9", [back(ofOrder("W3", 1), "K1", 1, 499)], -499))).warnings.map(
    (w: any) => w.code,
  );
  expect(codes).toEqual(["over_returned", "over_refunded"]);
  await webOrder("W4");
  await post(receipt("R10", [back(ofOrder("W4", 1), "K1", 1, 499)], -499));
  expect(await caseOf("W4")).toBeUndefined();
  await track("Order Refunded", "r-4", { order_id: "W4" });
  expect((await caseOf("W4")).thing.order).toMatchObject({ refunded: "499.00", over_returned: true });
});

test("returns that came before what they return are judged when it arrives", async () => {
  for (const number of ["R11", "R12"]) await post(receipt(number, [back(ofReceipt("S3", 1), "A", 1, 100)], -100));
  expect(await caseOf("S3")).toBeUndefined();
  await post(receipt("S3", [line("A", 1, 100)], 100));
  expect((await caseOf("S3")).thing.order.returns.map((r: any) => r.over_returned)).toEqual([0, 1]);
});

test("two of one request are seen in their order", async () => {
  await post(receipt("S4", [line("A", 1, 100)], 100));
  const both = ["R13", "R14"].map((number) => receipt(number, [back(ofReceipt("S4", 1), "A", 1, 100)], -100));
  const { body } = await withKey(program.url, till, "/api/v1/receipts", { receipts: both });
  expect(body.results.map((r: any) => r.warnings.length)).toEqual([0, 1]);
});

test("a file of receipts is judged as the till's own", async () => {
  const folder = mkdtempSync(join(tmpdir(), "zhixin-over-"));
  const path = join(folder, "day.csv");
  const rows = ["小票号,款台,日期,商品编码,品名,数量,实收,原单号,原款台,原行号", "S5,1,2026-03-02 10:00,A,裙,1,100.00,,,"];
  for (const number of ["R15", "R16"]) rows.push(`${number},1,2026-03-02 11:00,A,裙,-1,-100.00,S5,1,1`);
  writeFileSync(path, rows.join("\n"));
  const said = await zhixin(["import", "receipts", path, "--data", program.data, "--store", "SH01"]);
  rmSync(folder, { recursive: true });
  expect(said).toContain("new=3");
  expect((await caseOf("S5")).thing.order.lines[0]).toMatchObject({ sold: 1, returned: 2 });
});
