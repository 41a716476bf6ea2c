// A web order comes back: piece by piece when the shop's server names the pieces, else by amount. A return is a document of
// its own, joined to the line that was sold; a repeat changes nothing.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, startProgram, withKey } from "../harness";

let program: Program;
let server: string;
const user = { userId: "u-7", anonymousId: "device-7" };
const line = (sku: string, price: number) => ({
  product_id: sku.slice(0, 5),
  sku,
  name: "亚麻连衣裙",
  price,
  quantity: 1,
  list_price: 599,
});
const track = (event: string, messageId: string, properties: object) =>
  withKey(program.url, server, "/v1/track", {
    type: "track",
    ...user,
    event,
    messageId,
    timestamp: "2026-03-01T12:00:00Z",
    properties,
  });

beforeAll(async () => {
  program = await startProgram();
  server = await program.key("write", "web-shop", true);
  await withKey(program.url, server, "/v1/identify", { ...user, messageId: "i-1", traits: { phone: "13912340007" } });
  await track("Order Completed", "o-1", {
    order_id: "W1",
    total: 978,
    discount: 20,
    currency: "CNY",
    products: [line("K1001-02-M", 499), line("K1002-01-M", 499)],
  });
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

const documents = async () => {
  const { body } = await program.admin.post("/api/v1/customers/lookup", { q: "13912340007" });
  return (await program.admin.get(`/api/v1/customers/${body.items[0].id}/orders`)).body.items as any[];
};
const refund = (messageId: string) =>
  track("Order Refunded", messageId, {
    order_id: "W1",
    total: 489,
    currency: "CNY",
    products: [{ ...line("K1002-01-M", 499), line_no: 2, reason: "尺码不合适" }],
  });

test("a refund that names its pieces is a return of the web", async () => {
  expect((await refund("r-1")).status).toBe(200);
  const found = (await documents()).find((d) => d.kind === "return");
  expect(found).toMatchObject({ channel: "web", total: "-489.00" });
  const { body } = await program.admin.get(`/api/v1/orders/${found.id}`);
  expect(body.lines).toHaveLength(1);
  expect(body.lines[0]).toMatchObject({ sku: "K1002-01-M", quantity: -1, return_reason: "尺码不合适" });
});

test("said twice, it is one return", async () => {
  await refund("r-1");
  expect((await documents()).filter((d) => d.kind === "return")).toHaveLength(1);
});

test("the order keeps what was sold, list price and all", async () => {
  const order = (await documents()).find((d) => d.kind === "order");
  const { body } = await program.admin.get(`/api/v1/orders/${order.id}`);
  expect(body.lines.map((l: any) => l.list_price)).toEqual(["599.00", "599.00"]);
  expect(order.total).toBe("978.00");
});

test("a refund without pieces changes the order's state", async () => {
  await track("Order Completed", "o-2", {
    order_id: "W2",
    total: 100,
    currency: "CNY",
    products: [line("K1003-01-M", 100)],
  });
  await track("Order Refunded", "r-2", { order_id: "W2", total: 40, currency: "CNY" });
  const order = (await documents()).find((d) => d.number === "W2");
  expect(order.status).toBe("part_refunded");
});

test("a key that anybody can copy out of a page neither refunds nor cancels what the shop's server sold", async () => {
  const stranger = await program.key("write", "web-pages");
  const before = await documents();
  for (const event of ["Order Refunded", "Order Cancelled"])
    await withKey(program.url, stranger, "/v1/track", { anonymousId: "thief", event, messageId: `t-${event}`, properties: { order_id: "W1", total: 978, currency: "CNY" } });
  await withKey(program.url, stranger, "/v1/track", { anonymousId: "thief", event: "Order Updated", messageId: "t-u", properties: { order_id: "W1", total: 1, currency: "CNY" } });
  expect(await documents()).toEqual(before);
});
