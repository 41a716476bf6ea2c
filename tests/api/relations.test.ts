// Who belongs to whom, and where money goes back to: two things on a record that only staff write.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, filesBelow, type Installation, install, type Running, Session, serve, withKey, zhixin } from "../harness";

let place: Installation;
let running: Running;
let admin: Session;
let assistant: Session; // of SH01 only
let till: string;

const password = "correct horse battery";
const start = async (env: Record<string, string> = {}) => {
  running = await serve(place.data, { env });
  admin = await new Session(running.url).login(place.email, place.password);
};
beforeAll(async () => {
  place = await install();
  await start();
  till = (await zhixin(["key", "create", "--data", place.data, "--kind", "api", "--source", "till", "--trusted"])).trim();
  await admin.post("/api/v1/stores", {
    stores: [
      { code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" },
      { code: "HZ01", name: "湖滨店", city: "杭州", region: "华东", kind: "own" },
    ],
  });
  await admin.post("/api/v1/staff", { email: "a07@zhixin.example", name: "王芳", role: "store", stores: ["SH01"], password });
  assistant = await new Session(running.url).login("a07@zhixin.example", password);
});
afterAll(async () => {
  await running.stop();
  place.remove();
});

const make = async (form: object) => {
  const reply = await admin.post("/api/v1/customers", { home_store: "SH01", ...form });
  expect(reply.status, JSON.stringify(reply.body)).toBe(201);
  return reply.body;
};
const path = (id: string) => `/api/v1/customers/${id}`;
const relate = (one: string, kind: string, other: string, by = admin) => by.post(`${path(one)}/relations`, { kind, customer_id: other });
const relationsOf = async (id: string, by = admin) => (await by.get(path(id))).body.relations.map((r: any) => [r.kind, r.customer_id, r.name]);
const history = async (id: string) => (await admin.get(`${path(id)}/changes`)).body.items.map((c: any) => [c.field, c.old, c.new, c.by]);

describe("relations", () => {
  test("are seen from both sides, in both histories, and go from both", async () => {
    const mother = await make({ name: "陈淑芬", phones: ["13900100001"] });
    const child = await make({ name: "李小宝", phones: ["13900100002"] });
    const reply = await relate(child.id, "parent", mother.id);
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    expect(reply.body.items).toMatchObject([{ kind: "parent", visible: true, customer_id: mother.id, name: "陈**" }]);
    expect(await relationsOf(mother.id)).toEqual([["child", child.id, "李**"]]);
    await relate(mother.id, "child", child.id); // said again from the other side: it is the same
    expect(await relationsOf(child.id)).toEqual([["parent", mother.id, "陈**"]]);
    expect(await history(child.id)).toContainEqual(["relation", null, `parent ${mother.code}`, "Administrator"]);
    expect(await history(mother.id)).toContainEqual(["relation", null, `child ${child.code}`, "Administrator"]);
    expect((await history(mother.id)).filter((row: any) => row[0] === "relation")).toHaveLength(1);
    expect((await admin.get(`${path(child.id)}/relations`)).body.items).toHaveLength(1);

    expect((await admin.delete(`${path(mother.id)}/relations/spouse/${child.id}`)).status).toBe(404);
    const gone = await admin.delete(`${path(mother.id)}/relations/child/${child.id}`);
    expect([gone.status, gone.body.items]).toEqual([200, []]);
    expect(await relationsOf(child.id)).toEqual([]);
    expect(await history(child.id)).toContainEqual(["relation", `parent ${mother.code}`, null, "Administrator"]);
  });

  test("are of a known kind, between two people who may be seen", async () => {
    const one = await make({ name: "赵一", phones: ["13900100011"] });
    const far = await make({ name: "钱二", phones: ["13900100012"], home_store: "HZ01" });
    expect((await relate(one.id, "enemy", far.id)).status).toBe(422);
    expect((await relate(one.id, "friend", one.id)).body.error).toMatchObject({ field: "customer_id", cause: "same_person" });
    expect((await relate(one.id, "friend", "999")).status).toBe(404);
    expect((await relate(one.id, "friend", far.id, assistant)).status).toBe(403);
    expect((await relate(one.id, "colleague", far.id)).status).toBe(200);
    // The assistant learns that there is somebody, and not who.
    const seen = (await assistant.get(path(one.id))).body.relations;
    expect(seen).toMatchObject([{ kind: "colleague", visible: false, customer_id: null, name: "" }]);
    expect((await assistant.delete(`${path(one.id)}/relations/colleague/${far.id}`)).status).toBe(403);
    expect(await relationsOf(one.id)).toHaveLength(1);
  });

  test("follow a merge: the winner is named once, and nobody is her own relation", async () => {
    const byPhone = await make({ name: "孙丽", phones: ["13900100021"] });
    const byCard = await make({ name: "孙丽", cards: ["8800100020210021"] });
    const friend = await make({ name: "周敏", phones: ["13900100023"] });
    await relate(friend.id, "friend", byPhone.id);
    await relate(friend.id, "friend", byCard.id);
    await relate(byPhone.id, "sibling", byCard.id);
    await relate(byCard.id, "referrer", friend.id);
    expect(await relationsOf(friend.id)).toHaveLength(3);
    const taken = await withKey(running.url, till, "/api/v1/receipts", {
      store: "SH01", till: "1", number: "REL-1", time: "2026-03-01T13:40:00+08:00", currency: "CNY", kind: "receipt",
      member: { phone: "13900100021", card: "8800100020210021" },
      lines: [{ line_no: 1, sku: "K1", name: "裙", quantity: 1, list_price: "1.00", paid: "1.00", tax_rate: "13" }],
      tenders: [{ type: "cash", amount: "1.00" }],
    });
    expect(taken.body.results[0].outcome).toBe("new");
    const root = (await admin.get(path(byCard.id))).body.id;
    expect((await admin.get(path(byPhone.id))).body.id).toBe(root);
    expect(await relationsOf(friend.id)).toEqual([["friend", root, "孙*"], ["referred", root, "孙*"]]);
    expect(await relationsOf(root)).toEqual([["friend", friend.id, "周*"], ["referrer", friend.id, "周*"]]);
    const gone = await admin.delete(`${path(friend.id)}/relations/friend/${root}`); // both of her records' rows
    expect(gone.body.items.map((i: any) => i.kind)).toEqual(["referred"]);
  });
});

describe("the refund account", () => {
  const account = { holder: "吴秀英", bank: "招商银行", account: "6225 8801 2345 5678" };
  let id: string;

  test("is sealed, shown by its last four, and kept in the history", async () => {
    id = (await make({ name: "吴秀英", phones: ["13900100031"] })).id;
    expect((await admin.get(path(id))).body.refund_account).toBeNull();
    const put = await admin.put(`${path(id)}/refund-account`, account);
    expect(put.status, JSON.stringify(put.body)).toBe(200);
    expect(put.body.refund_account.masked).toBe("招商银行 尾号 5678");
    await admin.put(`${path(id)}/refund-account`, { ...account, account: "6225880123454321" });
    const record = (await admin.get(path(id))).body;
    expect(record.refund_account.masked).toBe("招商银行 尾号 4321");
    const days = (Date.parse(record.refund_account.until) - Date.parse(record.refund_account.at)) / 86_400_000;
    expect(days).toBe(30);
    const changes = (await history(id)).filter((row: any) => row[0] === "refund_account");
    expect(changes).toEqual([
      ["refund_account", "招商银行 尾号 5678", "招商银行 尾号 4321", "Administrator"],
      ["refund_account", null, "招商银行 尾号 5678", "Administrator"],
    ]);
    expect((await admin.put(`${path(id)}/refund-account`, { ...account, account: "6225****5678" })).body.error).toMatchObject({ field: "account", cause: "masked" });
    expect((await admin.put(`${path(id)}/refund-account`, { holder: "x" })).status).toBe(422);
  });

  test("is opened for a reason by those who may, and lies in no file", async () => {
    const ask = { fields: ["refund_account"], purpose: "after_sales", reason: "核对退款账户" };
    expect((await assistant.post(`${path(id)}/reveal`, ask)).status).toBe(403);
    const shown = await admin.post(`${path(id)}/reveal`, ask);
    expect(shown.body.values.refund_account).toEqual(["吴秀英 招商银行 6225880123454321"]);
    for (const [file, bytes] of filesBelow(place.data))
      for (const secret of ["6225880123454321", "6225 8801 2345 5678", "吴秀英"]) expect([file, bytes.includes(secret)]).toEqual([file, false]);
    expect(running.log()).not.toContain("6225");
  });

  test("is taken away by hand, or by itself after thirty days, from the history too", async () => {
    const other = (await make({ name: "郑洁", phones: ["13900100032"] })).id;
    await admin.put(`${path(other)}/refund-account`, account);
    expect((await admin.delete(`${path(other)}/refund-account`)).body.refund_account).toBeNull();
    expect((await admin.delete(`${path(other)}/refund-account`)).status).toBe(404);

    await running.stop();
    const late = Date.now() + 31 * 86_400_000;
    await start({ ZHIXIN_CLOCK_US: String(late * 1000) });
    expect((await admin.get(path(id))).body.refund_account).toBeNull();
    await eventually(async () => {
      const changes = (await history(id)).filter((row: any) => row[0] === "refund_account");
      return changes.length === 2 && changes.every((row: any) => row[1] === null && row[2] === null);
    });
  });
});
