// The catalogue and the books: feeds of stores and products, lists that search, sort and page, money that only finance
// sees, receipts with their returns.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, Session, startProgram, withKey } from "../harness";

let program: Program;
let key: string;
let assistant: Session;

const product = (style: number, size: string, more = {}) => ({
  style: `K${1000 + style}`,
  style_name: `亚麻连衣裙 ${style}`,
  category: style % 2 ? "女装/连衣裙" : "男装/衬衫",
  season: "2026SS",
  launch_day: `2026-02-${10 + style}`,
  sku: `K${1000 + style}-02-${size}`,
  color: "02 米白",
  size,
  list_price: `${599 + style}.00`,
  floor_price: "299.00",
  cost: "120.00",
  tax_rate: "13",
  ...more,
});
const receipt = (number: string, lines: object[], amount: string, more = {}) => ({
  store: "SH01",
  till: "1",
  number,
  time: "2026-03-01T13:40:00+08:00",
  lines,
  tenders: [{ type: "wechat", amount }],
  ...more,
});

beforeAll(async () => {
  program = await startProgram();
  key = await program.key("api", "erp", true);
  await program.admin.post("/api/v1/stores", {
    stores: [
      { code: "SH01", name: "静安店", region: "华东", city: "上海", kind: "own" },
      { code: "CD01", name: "春熙店", region: "西南", city: "成都", kind: "franchised" },
    ],
  });
  await program.admin.post("/api/v1/staff", {
    email: "a07@zhixin.example",
    name: "店员",
    role: "store",
    password: "a long enough password",
    stores: ["SH01"],
  });
  assistant = await new Session(program.url).login("a07@zhixin.example", "a long enough password");
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

test("a feed says of each line what became of it", async () => {
  const products = Array.from({ length: 9 }, (_, i) => product(i + 1, "M"));
  const first = await withKey(program.url, key, "/api/v1/products", { products });
  expect(first.status).toBe(200);
  expect(new Set(first.body.results.map((r: { outcome: string }) => r.outcome))).toEqual(new Set(["new"]));
  const second = await withKey(program.url, key, "/api/v1/products", {
    products: [
      product(1, "M"),
      product(1, "L", { barcode: "6901234567892" }),
      product(2, "M", { floor_price: "279.00" }),
      product(3, "S", { cost: "1.234" }),
      product(4, "S", { barcode: "6901234567892" }),
      product(5, "S", { style: "K1006", sku: "K1005-02-M" }),
      { style: "K1", colour: "red" },
    ],
  });
  expect(
    second.body.results.map((r: { outcome: string; field?: string; reason?: string }) => [
      r.outcome,
      r.field,
      r.reason,
    ]),
  ).toEqual([
    ["same", undefined, undefined],
    ["new", undefined, undefined],
    ["updated", undefined, undefined],
    ["refused", "cost", "too_precise"],
    ["refused", "barcode", "taken"],
    ["refused", "sku", "other_style"],
    ["refused", "colour", "unknown"],
  ]);
});

test("styles: search by code, name and barcode, by category with what is below it", async () => {
  const codes = async (query: string) =>
    (await program.admin.get(`/api/v1/styles?${query}`)).body.items.map((s: { code: string }) => s.code);
  expect(await codes("q=k1003")).toEqual(["K1003"]);
  expect(await codes("q=6901234567892")).toEqual(["K1001"]);
  expect((await codes(`q=${encodeURIComponent("连衣裙 4")}`)).sort()).toEqual(["K1004"]);
  expect(await codes(`category=${encodeURIComponent("女装")}`)).toHaveLength(5);
  expect(await codes(`category=${encodeURIComponent("女")}`)).toHaveLength(0);
  expect(await codes("sort=list_price&limit=2")).toEqual(["K1001", "K1002"]);
  expect(await codes("sort=-launch_day&limit=2")).toEqual(["K1009", "K1008"]);
  expect((await program.admin.get("/api/v1/styles?sort=colour")).status).toBe(422);
});

test("pages by key in any order, each style once; a cursor fits its list only", async () => {
  for (const sort of ["launch_day", "-list_price", "-created"]) {
    const seen: string[] = [];
    let after = "";
    do {
      const { body } = await program.admin.get(`/api/v1/styles?sort=${sort}&limit=4${after ? `&after=${after}` : ""}`);
      seen.push(...body.items.map((s: { code: string }) => s.code));
      expect(body.total).toEqual({ count: 9, exact: true });
      after = body.next;
    } while (after);
    expect(seen).toHaveLength(9);
    expect(new Set(seen).size).toBe(9);
  }
  const { body } = await program.admin.get("/api/v1/styles?limit=4");
  expect((await program.admin.get(`/api/v1/stores?after=${body.next}`)).status).toBe(422);
});

test("cost and floor price are finance's", async () => {
  const { body } = await program.admin.get("/api/v1/styles?q=K1001");
  const admin = (await program.admin.get(`/api/v1/styles/${body.items[0].id}`)).body;
  expect(admin.skus.map((k: { sku: string; cost: string; barcodes: string[] }) => [k.sku, k.cost, k.barcodes])).toEqual(
    [
      ["K1001-02-L", "120.00", ["6901234567892"]],
      ["K1001-02-M", "120.00", []],
    ],
  );
  const { list_price_min, list_price_max, floor_price_min, cost_min, cost_max } = body.items[0]; // as in the list, so on her own page
  expect(list_price_min).not.toBeNull();
  expect(admin).toMatchObject({ list_price_min, list_price_max, floor_price_min, cost_min, cost_max });
  for (const path of ["/api/v1/styles", `/api/v1/styles/${body.items[0].id}`, "/api/v1/products"]) {
    const text = JSON.stringify((await assistant.get(path)).body);
    expect(text).toContain("K1001");
    expect(text).not.toMatch(/cost|floor|120\.00|299\.00/);
  }
});

test("the calendar knows Spring Festival", async () => {
  const { body } = await program.admin.get("/api/v1/calendar?from=2026-02-16&to=2026-02-18");
  expect(body.items.map((d: { holiday: string; lunar_day: number }) => [d.holiday, d.lunar_day])).toEqual([
    ["", 29],
    ["春节", 1],
    ["春节", 2],
  ]);
});

test("a receipt, its repeat, its conflict, its return in the other store", async () => {
  const sold = receipt(
    "20260301-0042",
    [
      { sku: "K1001-02-M", quantity: 2, list_price: "600.00", paid: "1000.00" },
      { sku: "K1002-02-M", paid: "99.99" },
    ],
    "1099.49",
    {
      order_discount: "0.50",
      member: { phone: "13912345555" },
      staff: [
        { no: "A07", share: 60 },
        { no: "A08", share: 40 },
      ],
    },
  );
  const post = (body: object) => withKey(program.url, key, "/api/v1/receipts", body);
  const outcomes = async (...receipts: object[]) =>
    (await post({ receipts })).body.results.map((r: { outcome: string; reason: string }) => [r.outcome, r.reason]);
  const back = {
    ...receipt(
      "9001",
      [
        {
          sku: "K1001-02-M",
          quantity: -1,
          paid: "-499.77",
          return_of: { store: "SH01", till: "1", number: "20260301-0042", line_no: 1 },
          return_reason: "尺码 13912345555",
        },
      ],
      "-499.77",
    ),
    store: "CD01",
    time: "2026-03-02T01:00:00+08:00",
  };
  expect(
    await outcomes(sold, sold, { ...sold, freight: "10.00", tenders: [{ type: "wechat", amount: "1109.49" }] }, back, {
      ...back,
      till: "a/b",
    }),
  ).toEqual([
    ["new", null],
    ["same", null],
    ["conflict", "other_content"],
    ["new", null],
    ["refused", "till: malformed"],
  ]);
  expect((await post({ ...sold, freight: "10.00", tenders: [{ type: "wechat", amount: "1109.49" }] })).status).toBe(
    409,
  );
  expect((await post({ ...sold, number: "0043", tenders: [] })).body.error).toMatchObject({
    code: "invalid",
    field: "tenders",
  });

  const { body: list } = await program.admin.get("/api/v1/orders?from=2026-03-01&to=2026-03-01");
  expect(list.items.map((o: { number: string; business_day: string }) => [o.number, o.business_day])).toEqual([
    ["9001", "2026-03-01"], // one in the morning is still the day before
    ["20260301-0042", "2026-03-01"],
  ]);
  const { body: order } = await program.admin.get(`/api/v1/orders/${list.items[1].id}`);
  expect(order).toMatchObject({ total: "1099.49", order_discount: "0.50", member: true, store: { code: "SH01" } });
  expect(order.lines.map((l: object) => l)).toMatchObject([
    { paid: "999.55", order_share: "0.45", discount: "200.00", returned: 1 },
    { paid: "99.94", order_share: "0.05", returned: 0 },
  ]);
  expect(order.returns).toMatchObject([{ number: "9001", kind: "return" }]);
  expect(order.staff).toEqual([
    { no: "A07", share: "60.0" },
    { no: "A08", share: "40.0" },
  ]);
  const { body: returned } = await program.admin.get(`/api/v1/orders/${list.items[0].id}`);
  expect(returned.lines[0].return_of).toMatchObject({ order_id: order.id, number: "20260301-0042", line_no: 1 });
  expect(returned.lines[0].return_reason).not.toContain("13912345555");

  const own = (await assistant.get("/api/v1/orders")).body.items.map((o: { number: string }) => o.number);
  expect(own).toEqual(["20260301-0042"]);
  expect((await assistant.get(`/api/v1/orders/${list.items[0].id}`)).status).toBe(404);
  const { body: found } = await program.admin.post("/api/v1/customers/lookup", { q: "20260301-0042" });
  expect(found.items).toHaveLength(1);
  expect(found.items[0]).toMatchObject({ orders: 1, spent: "1099.49" });
});

test("filters of the list refuse what they do not understand", async () => {
  expect((await program.admin.get("/api/v1/orders?from=yesterday")).body.error.field).toBe("from");
  expect((await program.admin.get("/api/v1/orders?store=XX")).body.error.field).toBe("store");
  expect((await program.admin.get("/api/v1/orders?customer=me")).body.error.field).toBe("customer");
  expect((await program.admin.get("/api/v1/orders/5")).status).toBe(404);
  expect((await program.admin.get("/api/v1/orders?channel=web")).body.items).toEqual([]);
});
