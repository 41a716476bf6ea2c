// What a refusal says to whoever writes the till's program: which field, what is known, which key and how to send it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, startProgram, withKey } from "../harness";

let program: Program;
let till: string;

const receipt = (change: object = {}) => ({
  store: "SH01",
  till: "1",
  number: "A1",
  time: "2026-03-01T13:40:00+08:00",
  lines: [{ sku: "A", quantity: 1, paid: "100.00" }],
  tenders: [{ type: "cash", amount: "100.00" }],
  ...change,
});
const post = (body: object) => withKey(program.url, till, "/api/v1/receipts", body, { "accept-language": "zh-CN" });

beforeAll(async () => {
  program = await startProgram();
  till = await program.key("api", "till", true);
  await program.admin.post("/api/v1/stores", {
    stores: [{ code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" }],
  });
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

test("tenders that are missing are missing, not a sum that differs", async () => {
  const { tenders: _, ...without } = receipt();
  for (const body of [without, receipt({ tenders: [] })]) {
    const { status, body: answer } = await post(body);
    expect([status, answer.error.field, answer.error.cause]).toEqual([422, "tenders", "required"]);
  }
  const many = await post({ receipts: [without] });
  expect(many.body.results[0].reason).toBe("tenders: required");
  const differs = await post(receipt({ tenders: [{ type: "cash", amount: "99.00" }] }));
  expect([differs.body.error.field, differs.body.error.cause]).toEqual(["tenders", "sum_differs"]);
  const nothing = receipt({ number: "A0", lines: [{ sku: "A", quantity: 1, paid: "0.00" }], tenders: [] });
  expect((await post(nothing)).body.results[0].outcome).toBe("new"); // a present costs nothing
});

test("without a key it says that a key is missing and how to send it", async () => {
  const send = (headers: Record<string, string>) =>
    fetch(`${program.url}/api/v1/receipts`, {
      method: "POST",
      headers: { "content-type": "application/json", "accept-language": "zh-CN", ...headers },
      body: JSON.stringify(receipt()),
    });
  const without = await send({});
  expect(without.status).toBe(401);
  const { error } = await without.json();
  expect(error).toMatchObject({ code: "unauthenticated", field: "authorization", cause: "no_key" });
  for (const word of ["接口密钥", "Authorization", "Bearer"]) expect(error.message).toContain(word);
  const wrong = await send({ authorization: "Bearer za_nobody" });
  expect((await wrong.json()).error.cause).toBe("key");
  const ended = await send({ cookie: "zhixin_session=gone" });
  expect((await ended.json()).error.cause).toBe("login");
});

test("an unknown member is named, with those that there are", async () => {
  const { status, body } = await post(receipt({ lines: [{ sku: "A", qty: 1, paid: "100.00" }] }));
  expect([status, body.error.field, body.error.cause]).toEqual([422, "lines[0].qty", "unknown"]);
  expect(body.error.known).toEqual(expect.arrayContaining(["sku", "quantity", "paid"]));
  expect(body.error.message).toMatch(/^lines\[0\]\.qty.*quantity/);
  const camel = await post(receipt({ orderDiscount: "1.00" }));
  expect(camel.body.error.field).toBe("orderDiscount");
  expect(camel.body.error.known).toContain("order_discount");
  const many = await post({ receipts: [receipt({ shop: "SH01" })] });
  expect(many.body.results[0]).toMatchObject({ reason: "shop: unknown" });
  expect(many.body.results[0].known).toContain("store");
  const form = await program.admin.post("/api/v1/customers", { name: "李", colour: "red" });
  expect(form.body.error.field).toBe("colour");
  expect(form.body.error.known).toContain("phones");
  const known = await program.admin.post("/api/v1/customers", { name: "" });
  expect(known.body.error.known).toBeUndefined();
});

test("a name that could be a number of somebody is not said back", async () => {
  const { body } = await post(receipt({ a13812345678: 1 }));
  expect(JSON.stringify(body)).not.toContain("13812345678");
});
