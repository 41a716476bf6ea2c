// A wrong phone, e-mail, card or WeChat id comes off a record: asked for with a reason, kept in log, evidence and history,
// free for anybody else. What was joined by it stays joined, and no source brings it back by repeating it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Program, Session, startProgram, withKey, zhixin } from "../harness";

let program: Program;
let server: string;
let message = 0;
let her: string;
let began: number;
const phone = "13977770001";

const identify = (body: object) =>
  withKey(program.url, server, "/v1/identify", { messageId: `rm-${message++}`, ...body });
const lookup = async (q: string) => (await program.admin.post("/api/v1/customers/lookup", { q })).body;
const idOf = async (q: string) => (await lookup(q)).items[0]?.id;
const record = async (id: string) => (await program.admin.get(`/api/v1/customers/${id}`)).body;
const create = async (body: object) => (await program.admin.post("/api/v1/customers", body)).body.id as string;
const held = async (id: string, kind: string, status = "proven") =>
  (await record(id)).identifiers.filter((i: any) => i.kind === kind && i.status === status);
const remove = (id: string, iid: string, reason = "顾客说这不是她的号码", session: Session = program.admin) =>
  session.post(`/api/v1/customers/${id}/identifiers/${iid}/remove`, { reason });
const removeKind = async (id: string, kind: string) => remove(id, (await held(id, kind))[0].id);

beforeAll(async () => {
  program = await startProgram();
  server = await program.key("write", "server", true);
  her = await create({
    name: "李美玲",
    phones: [phone],
    emails: ["wrong@example.com"],
    cards: ["88001234567"],
    wechat_unionid: "union-777",
    weibo_uid: "weibo-777",
  });
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

test("it needs a reason, and somebody who may edit customers", async () => {
  const [one] = await held(her, "phone");
  const refused = await remove(her, one.id, " ");
  expect(refused.status).toBe(422);
  expect(refused.body.error.field).toBe("reason");
  const anybody = await fetch(`${program.url}/api/v1/customers/${her}/identifiers/${one.id}/remove`, {
    method: "POST",
    body: "{}",
  });
  expect(anybody.status).toBe(401);
  expect(await idOf(phone)).toBe(her);
});

test("a removed phone finds nobody: neither whole nor by its last four", async () => {
  began = Date.now();
  expect((await removeKind(her, "phone")).body.status).toBe("removed");
  expect((await lookup(phone)).kind).toBe("none");
  const search = async () => (await program.admin.post("/api/v1/customers/search", { q: "0001" })).body.items;
  await eventually(async () => (await search()).length === 0);
  expect((await record(her)).phone).toBe("");
});

test("the record keeps it as removed, masked; its evidence says who, when and why", async () => {
  expect(await held(her, "phone")).toEqual([]);
  const [gone] = await held(her, "phone", "removed");
  expect(gone.masked).toBe("139****0001");
  const evidence = (await program.admin.get(`/api/v1/customers/${her}/identifiers/${gone.id}`)).body;
  expect(evidence.items[0]).toMatchObject({ event_kind: "form", rule: "phone" });
  expect(evidence.removed.reason).toBe("顾客说这不是她的号码");
  expect(evidence.removed.by).toBeTruthy();
  expect(Date.parse(evidence.removed.at)).toBeGreaterThanOrEqual(began);
  expect(Date.parse(evidence.removed.at)).toBeLessThanOrEqual(Date.now());
});

test("the change stands in her history with the old value masked, and the act with its reason in the audit", async () => {
  const { items } = (await program.admin.get(`/api/v1/customers/${her}/changes`)).body;
  expect(items[0]).toMatchObject({ field: "phone", old: "139****0001", new: null, source_kind: "removal" });
  expect(items[0].by).toBeTruthy();
  const audit = (await program.admin.get("/api/v1/audit?action=customer.remove_identifier")).body.items[0];
  expect(audit).toMatchObject({ object: "customer", object_id: her, detail: { reason: "顾客说这不是她的号码" } });
});

test("twice is a conflict; what is not hers is not found; accounts and devices are not typed by people", async () => {
  const [gone] = await held(her, "phone", "removed");
  expect((await remove(her, gone.id)).body.error).toMatchObject({ code: "conflict", cause: "removed" });
  expect((await remove(her, "1")).status).toBe(404);
  await identify({ userId: "rm-account", traits: { phone: "13977770009" } });
  const other = await idOf("13977770009");
  const [account] = await held(other, "account");
  expect((await remove(other, account.id)).body.error.cause).toBe("not_removable");
});

test("e-mail, card, WeChat and Weibo go the same way", async () => {
  for (const [kind, value] of [
    ["email", "wrong@example.com"],
    ["card", "88001234567"],
  ]) {
    expect(await idOf(value)).toBe(her);
    expect((await removeKind(her, kind)).status).toBe(200);
    expect((await lookup(value)).kind).toBe("none");
  }
  for (const kind of ["unionid", "weibo"]) expect((await removeKind(her, kind)).status).toBe(200);
  expect((await record(her)).identifiers.every((i: any) => i.status === "removed")).toBe(true);
});

test("adding it again is the undo; the removed one stays in the record", async () => {
  const { rev } = await record(her);
  const again = await program.admin.patch(
    `/api/v1/customers/${her}`,
    { cards: ["88001234567"] },
    { "if-match": `"${rev}"` },
  );
  expect(again.status).toBe(200);
  expect(await idOf("88001234567")).toBe(her);
  expect((await held(her, "card"))[0].masked).toBe((await held(her, "card", "removed"))[0].masked);
});

test("another record may hold it, and keeps it when the first one is told again", async () => {
  const other = await create({ name: "王芳", phones: [phone] });
  expect(await idOf(phone)).toBe(other);
  const { rev } = await record(her);
  const refused = await program.admin.patch(
    `/api/v1/customers/${her}`,
    { phones: [phone] },
    { "if-match": `"${rev}"` },
  );
  expect(refused.body.error.cause).toBe("held_by_another");
});

test("a source that repeats a removed value neither gives it back nor joins her with its new holder", async () => {
  await identify({ userId: "rm-2", traits: { phone: "13977770002", email: "two@example.com" } });
  const two = await idOf("two@example.com");
  await removeKind(two, "phone");
  await identify({ userId: "rm-2", traits: { phone: "13977770002", email: "two@example.com" } });
  expect((await lookup("13977770002")).kind).toBe("none");
  expect((await record(two)).phone).toBe("");
  const holder = await create({ name: "赵敏", phones: ["13977770002"] });
  await identify({ userId: "rm-2", traits: { phone: "13977770002", email: "two@example.com" } });
  expect(await idOf("two@example.com")).toBe(two);
  expect(await idOf("13977770002")).toBe(holder);
  expect((await record(two)).phone).toBe("");
  const reviews = (await program.admin.get("/api/v1/reviews?status=open")).body.items;
  expect(reviews.map((r: any) => r.rule)).toContain("removed");
});

test("a phone that another record holds stands on hers as such, and goes the same way without touching the holder", async () => {
  await identify({ userId: "rm-mother", traits: { phone: "13977770004" } });
  await identify({ userId: "rm-daughter", traits: { phone: "13977770004", email: "daughter@example.com" } });
  const mother = await idOf("13977770004");
  const daughter = await idOf("daughter@example.com");
  expect(daughter).not.toBe(mother);
  expect((await held(daughter, "phone", "noted")).map((i: any) => i.masked)).toEqual(["139****0004"]);
  expect((await remove(daughter, (await held(daughter, "phone", "noted"))[0].id)).status).toBe(200);
  await identify({ userId: "rm-daughter", traits: { phone: "13977770004", email: "daughter@example.com" } });
  expect((await record(daughter)).phone).toBe("");
  expect((await held(daughter, "phone", "removed")).map((i: any) => i.masked)).toEqual(["139****0004"]);
  expect(await held(daughter, "phone", "noted")).toEqual([]);
  expect((await record(mother)).phone).toBe("139****0004");
  expect(await idOf("13977770004")).toBe(mother);
});

test("what was joined by it stays joined", async () => {
  await identify({ traits: { phone: "13977770003" } });
  await identify({ traits: { email: "three@example.com" } });
  await identify({ traits: { phone: "13977770003", email: "three@example.com" } });
  const joined = await idOf("13977770003");
  const { members } = await record(joined);
  expect(members).toHaveLength(2);
  await removeKind(joined, "email");
  expect((await record(joined)).members).toEqual(members);
  expect((await lookup("three@example.com")).kind).toBe("none");
  expect(await idOf("13977770003")).toBe(joined);
});

test("a rebuilt warehouse is the same as before", async () => {
  const hashes = async () =>
    (await zhixin(["verify", "--data", program.data])).split("\n").filter((line) => line.startsWith("warehouse "));
  const before = await hashes();
  expect(before.length).toBeGreaterThan(0);
  await zhixin(["rebuild", "--data", program.data]);
  expect(await hashes()).toEqual(before);
});
