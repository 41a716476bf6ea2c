// The demo retailer: what docs/demo.md says was planted is found through the pages' own interface.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install, type Running, Session, serve, zhixin } from "../harness";

const now = "2025-11-22T15:00:00+08:00";
let place: Installation;
let running: Running;
let admin: Session;
let last: string;

beforeAll(async () => {
  place = await install();
  const out = await zhixin([
    "demo",
    "--data",
    place.data,
    "--customers",
    "500",
    "--years",
    "2",
    "--seed",
    "1",
    "--now",
    now,
  ]);
  last = out.trim().split("\n").at(-1) ?? "";
  running = await serve(place.data);
  admin = await new Session(running.url).login(place.email, place.password);
});
afterAll(async () => {
  await running?.stop();
  place?.remove();
});

const story = async (key: string) => {
  const { body } = await admin.get("/api/v1/tour");
  return body.items.find((s: { key: string }) => s.key === key).customer_id as string;
};
const record = async (id: string) => (await admin.get(`/api/v1/customers/${id}`)).body;
const lookup = async (q: string) => (await admin.post("/api/v1/customers/lookup", { q })).body.items;
const ordersOf = async (id: string) => (await admin.get(`/api/v1/customers/${id}/orders`)).body.items;

test("everything that was sent was taken", () => {
  const counts = Object.fromEntries(last.split(" ").map((pair) => pair.split("=")));
  expect(Number(counts.refused)).toBe(0);
  expect(Number(counts.conflict)).toBe(0);
  expect(Number(counts.customers)).toBe(500);
  expect(Number(counts.events)).toBeGreaterThan(49_000);
  expect(Number(counts.receipts)).toBeGreaterThan(2_700);
  expect(Number(counts.orders)).toBeGreaterThan(1_050);
});

test("there are six stores", async () => {
  const { body } = await admin.get("/api/v1/stores");
  expect(body.items.map((s: { code: string }) => s.code).sort()).toEqual([
    "CD01",
    "GZ01",
    "HZ01",
    "NJ01",
    "SH01",
    "SH02",
  ]);
});

test("a second demo on the same installation is refused", async () => {
  await expect(zhixin(["demo", "--data", place.data, "--customers", "10"])).rejects.toThrow(/holds_the_demo_already/);
});

describe("the five stories", () => {
  test("the tour lists them", async () => {
    const { body } = await admin.get("/api/v1/tour");
    expect(body.items.map((s: { key: string }) => s.key)).toEqual(["till", "family", "assistant", "return", "twice"]);
    for (const item of body.items) expect(item.customer_id).toMatch(/^\d+$/);
  });

  test("anonymous views become hers at the till", async () => {
    const her = await record(await story("till"));
    const device = her.identifiers.find((i: { kind: string }) => i.kind === "device");
    expect(device).toBeTruthy();
    const [byPhone] = await lookup("15400000101");
    expect(byPhone.id).toBe(her.id);
    const [sale] = await ordersOf(her.id);
    expect(sale).toBeTruthy();
  });

  test("a family phone is kept apart", async () => {
    const mother = await story("family");
    const reviews = (await admin.get("/api/v1/reviews?status=open")).body.items;
    const conflict = reviews.find((r: any) => r.left?.id === mother || r.right?.id === mother);
    expect(conflict).toBeTruthy();
    expect(conflict.left.id).not.toBe(conflict.right.id);
    expect(conflict.shared).toContain("phone");
  });

  test("the phone that an assistant typed on 40 receipts is not believed", async () => {
    const sales = await ordersOf(await story("assistant"));
    expect(sales.length).toBeLessThan(25);
    const her = await record(await story("assistant"));
    const phone = her.identifiers.find((i: { kind: string }) => i.kind === "phone");
    expect(phone.status).not.toBe("proven");
  });

  test("what was bought on the web came back in a store", async () => {
    const her = await story("return");
    const documents = await ordersOf(her);
    expect(documents.map((d: { kind: string }) => d.kind)).toContain("return");
    expect(documents.map((d: { channel: string }) => d.channel)).toEqual(expect.arrayContaining(["web", "store"]));
  });

  test("two records of one person became one", async () => {
    const her = await record(await story("twice"));
    expect(her.members.length).toBe(2);
    const kinds = her.identifiers.map((i: { kind: string }) => i.kind);
    expect(kinds).toEqual(expect.arrayContaining(["account", "card", "phone"]));
    const [byWorkPhone] = await lookup("15400000107");
    expect(byWorkPhone.id).toBe(her.id);
  });
});

describe("the demo shop", () => {
  const shop = async (path: string, body?: unknown) => {
    const reply = await fetch(`${running.url}/demo-shop/api/${path}`, {
      method: body ? "POST" : "GET",
      headers: { "content-type": "application/json" },
      body: body ? JSON.stringify(body) : undefined,
    });
    return { status: reply.status, body: await reply.json() };
  };
  const signIn = async (phone: string) => {
    const { code } = (await shop("codes", { phone })).body;
    return (await shop("login", { phone, code, anonymous_id: "shop-test-device" })).body;
  };

  test("sells the linen dress in three colours", async () => {
    const { body } = await shop("products");
    const dress = body.items.find((p: { style: string }) => p.style === "K1001");
    expect(dress).toMatchObject({ name: "亚麻连衣裙", price: "599.00", image: "dress-02" });
    expect(new Set(dress.skus.map((s: { color: string }) => s.color)).size).toBe(3);
  });

  test("knows the account of a phone, and refuses a wrong code", async () => {
    expect((await signIn("15400000101")).user_id).toBe("u900101");
    const wrong = await shop("login", { phone: "15400000101", code: "000000", anonymous_id: "x" });
    expect(wrong.status).toBe(422);
    expect((await shop("codes", { phone: "99900000101" })).status).toBe(422);
  });

  test("an order needs the proof that the server gave, and becomes hers", async () => {
    const known = await signIn("15400000101");
    const lines = [{ sku: "K1001-02-M", quantity: 1 }];
    const forged = await shop("orders", { user_id: "u900102", user_proof: known.user_proof, lines });
    expect(forged.status).toBe(403);
    const unknown = await shop("orders", { ...known, phone: undefined, lines: [{ sku: "K9999", quantity: 1 }] });
    expect(unknown.status).toBe(422);
    const order = await shop("orders", {
      user_id: known.user_id,
      user_proof: known.user_proof,
      anonymous_id: "shop-test-device",
      lines,
    });
    expect(order).toMatchObject({ status: 201, body: { total: "599.00" } });
    const mine = await ordersOf(await story("till"));
    expect(mine.map((d: { number: string }) => d.number)).toContain(order.body.order_id);
  });
});
