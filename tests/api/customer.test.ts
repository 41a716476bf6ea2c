// The customer record as staff use it: made, found, edited by two people, marked, revealed, merged; and who may see what.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { becomes, eventually, type Program, Session, startProgram, withKey } from "../harness";

let program: Program;
let admin: Session;
let assistant: Session; // of SH01 only
let till: string;
let server: string;

beforeAll(async () => {
  program = await startProgram();
  admin = program.admin;
  till = await program.key("api", "till", true);
  server = await program.key("write", "shop-server", true);
  await admin.post("/api/v1/stores", {
    stores: [
      { code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" },
      { code: "HZ01", name: "湖滨店", city: "杭州", region: "华东", kind: "own" },
    ],
  });
  const password = "correct horse battery";
  const made = await admin.post("/api/v1/staff", { email: "a07@zhixin.example", name: "王芳", role: "store", stores: ["SH01"], password });
  expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
  assistant = await new Session(program.url).login("a07@zhixin.example", password);
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

const make = async (form: object, by = admin) => {
  const reply = await by.post("/api/v1/customers", form);
  expect(reply.status, JSON.stringify(reply.body)).toBe(201);
  return reply.body;
};
const lookup = async (q: string, by = admin) => (await by.post("/api/v1/customers/lookup", { q })).body;

describe("a new customer", () => {
  let id: string;
  test("is made by a form and shown masked", async () => {
    const record = await make({
      name: "欧阳娜娜", gender: "f", birthday: "1990-05-12", phones: ["139 0000 1111"], emails: ["nana@qq.com"], cards: ["8800123412340021"],
      addresses: [{ province: "上海市", city: "上海市", district: "静安区", street: "南京西路1266号" }], home_store: "SH01", own_assistant: "A07",
      sizes: { top: "M", shoe: "37" }, tastes: ["亚麻", "素色"], tags: ["老客"], note: "卡号 6222021234567890128 别记", class: "consumer", kind: "person", member: true,
    });
    id = record.id;
    expect(record).toMatchObject({
      name: "欧阳**", salutation: "欧阳女士", phone: "139****1111", card: "8800****0021", birthday: "05-12", addresses: ["上海市静安区***"], gender: "f",
      home_store: { code: "SH01", name: "静安店" }, own_assistant: "A07", sizes: { top: "M", shoe: "37" }, tastes: ["亚麻", "素色"], tags: ["老客"],
      class: "consumer", kind: "person", known: "member", merged_into: null, members: [id], orders: 0, spent: "0.00", rev: "1",
    });
    expect(record.code).toMatch(/^C\d{6}$/);
    expect(record.identifiers.map((i: any) => [i.kind, i.masked]).sort()).toEqual([
      ["card", "8800****0021"], ["email", "n***@qq.com"], ["phone", "139****1111"],
    ]);
    expect(record.notes[0].text).not.toContain("6222021234567890128");
    expect(JSON.stringify(record)).not.toMatch(/欧阳娜娜|13900001111|nana@qq|1266号/);
  });

  test("is found by whole identifiers, however they are typed", async () => {
    for (const q of ["13900001111", "+86 139-0000-1111", "１３９００００１１１１", "NANA@qq.com", "8800 1234 1234 0021", "c000001"]) {
      const found = await lookup(q);
      expect([q, found.kind, found.items[0]?.id]).toEqual([q, "exact", id]);
    }
    expect((await lookup("13900009999")).kind).toBe("none");
  });

  test("is found by name, pinyin, initials, last four and surname", async () => {
    for (const q of ["欧阳娜娜", "ouyang nana", "oynn", "nana", "na na", "欧阳 1111", "1111"]) {
      const found = await eventually(async () => {
        const reply = await lookup(q);
        return reply.items.length > 0 && reply;
      });
      expect([q, found.kind, found.items[0].id]).toEqual([q, "list", id]);
    }
    const searched = await admin.post("/api/v1/customers/search", { q: "娜娜", store: "SH01" });
    expect(searched.body.items.map((i: any) => i.id)).toEqual([id]);
  });

  test("warns of duplicates while typing, and refuses an identifier that somebody has", async () => {
    const warned = await admin.post("/api/v1/customers/duplicates", { name: "欧阳娜娜", phone: "13900001111" });
    expect(warned.body.items.map((i: any) => [i.id, i.why])).toEqual([[id, "phone"]]);
    const refused = await admin.post("/api/v1/customers", { name: "别人", phones: ["13900001111"] });
    expect(refused.status).toBe(409);
    expect(refused.body.error.field).toBe("phone");
    const malformed = await admin.post("/api/v1/customers", { name: "别人", phones: ["139****1111"] });
    expect([malformed.status, malformed.body.error.cause]).toEqual([422, "masked"]);
    expect((await admin.post("/api/v1/customers", {})).status).toBe(422);
    expect((await admin.post("/api/v1/customers", { name: "x", colour: "red" })).status).toBe(422);
  });
});

describe("two people edit", () => {
  test("the second is told, nothing is overwritten, every change is kept", async () => {
    const before = await make({ name: "单雄信", phones: ["13900002222"], home_store: "SH01" });
    const path = `/api/v1/customers/${before.id}`;
    expect((await admin.patch(path, { name: "单二" })).status).toBe(428);
    const first = await assistant.patch(path, { name: "单小信", sizes: { top: "L" } }, { "if-match": `"${before.rev}"` });
    expect(first.status, JSON.stringify(first.body)).toBe(200);
    expect(first.headers.get("etag")).toBe(`"${first.body.rev}"`);
    const second = await admin.patch(path, { name: "单大信" }, { "if-match": `"${before.rev}"` });
    expect(second.status).toBe(412);
    expect(second.body.error).toMatchObject({ code: "stale", field: "name,size_top" });
    const third = await admin.patch(path, { gender: "m", tags: ["VIP"], birthday: "02-29" }, { "if-match": `"${first.body.rev}"` });
    expect(third.body).toMatchObject({ gender: "m", tags: ["VIP"], birthday: "02-29", sizes: { top: "L" } });
    const { body } = await admin.get(`${path}/changes`);
    const rows = body.items.map((c: any) => [c.field, c.old, c.new, c.by]);
    expect(rows).toContainEqual(["name", "单**", "单**", "王芳"]);
    expect(rows).toContainEqual(["size_top", null, "L", "王芳"]);
    expect(rows.map((r: any) => r[0])).toEqual(expect.arrayContaining(["gender", "tags", "birthday", "created"]));
    const emptied = await admin.patch(path, { gender: "u", birthday: null, sizes: { top: "" } }, { "if-match": `"${third.body.rev}"` });
    expect(emptied.body).toMatchObject({ gender: "u", birthday: "", sizes: {} });
  });

  test("pages of changes go on where the last ended", async () => {
    const { id, rev } = await make({ name: "页页", phones: ["13900003333"] });
    let next = rev;
    for (let i = 0; i < 5; i++) next = (await admin.patch(`/api/v1/customers/${id}`, { own_assistant: `A${i}` }, { "if-match": next })).body.rev;
    const one = await admin.get(`/api/v1/customers/${id}/changes?limit=4`);
    const two = await admin.get(`/api/v1/customers/${id}/changes?limit=4&after=${one.body.next}`);
    expect([one.body.items.length, two.body.items.length, two.body.next]).toEqual([4, 2, null]);
    expect((await admin.get(`/api/v1/customers/${id}/changes?after=AAAA`)).status).toBe(422);
  });
});

describe("marks", () => {
  test("tags, notes and consents stand on the record and in the story", async () => {
    const { id } = await make({ name: "标记", phones: ["13900004444"] });
    const path = `/api/v1/customers/${id}`;
    expect((await admin.put(`${path}/tags`, { tags: ["a", "b"] })).body).toEqual({ tags: ["a", "b"] });
    expect((await admin.put(`${path}/tags`, { tags: ["b", "c"] })).body).toEqual({ tags: ["b", "c"] });
    expect((await admin.post(`${path}/notes`, { text: "喜欢亚麻, 电话 13812341234" })).status).toBe(201);
    const granted = { purpose: "marketing", channel: "sms", status: "granted", text_version: "2026-01", proof: "S-1" };
    expect((await admin.put(`${path}/consents`, granted)).status).toBe(200);
    expect((await admin.put(`${path}/consents`, { ...granted, status: "withdrawn" })).status).toBe(200);
    expect((await admin.put(`${path}/consents`, { ...granted, status: "maybe" })).status).toBe(422);
    const record = (await admin.get(path)).body;
    expect(record.tags).toEqual(["b", "c"]);
    expect(record.notes[0].text).toContain("喜欢亚麻");
    expect(record.notes[0].text).not.toContain("13812341234");
    expect(record.notes[0].by).not.toBe("");
    expect(record.consents).toEqual([expect.objectContaining({ purpose: "marketing", channel: "sms", status: "withdrawn", proof: "S-1" })]);
    const story = (await admin.get(`${path}/timeline?limit=10`)).body.items.map((i: any) => i.kind);
    expect(story.filter((k: string) => k === "consent")).toHaveLength(2);
    expect(story).toContain("note");
    const only = (await admin.get(`${path}/timeline?kind=note`)).body.items;
    expect(only[0].by).toBe("Administrator");
    expect(only.map((i: any) => i.kind)).toEqual(["note"]);
  });
});

describe("plaintext", () => {
  test("needs a reason and a right, and comes for a minute", async () => {
    const { id } = await make({ name: "明文", birthday: "05-12", phones: ["13900005555", "13900005556"], home_store: "SH01", addresses: [{ city: "杭州市", street: "一路1号" }] });
    const path = `/api/v1/customers/${id}/reveal`;
    const ask = { fields: ["name", "phone", "birthday", "address"], purpose: "contact", reason: "她要求回电" };
    const shown = await admin.post(path, ask);
    expect(shown.status, JSON.stringify(shown.body)).toBe(200);
    expect(shown.body.seconds).toBe(60);
    expect(shown.body.values).toMatchObject({ name: ["明文"], birthday: ["05-12"], address: ["杭州市 一路1号"] });
    expect(shown.body.values.phone.sort()).toEqual(["13900005555", "13900005556"]);
    expect((await admin.post(path, { ...ask, reason: "  x " })).status).toBe(422);
    expect((await admin.post(path, { ...ask, fields: ["password"] })).status).toBe(422);
    expect((await assistant.post(path, ask)).status).toBe(403);
  });

  test("who looked, at what and why stands in 查看记录; so does what people changed, by name", async () => {
    const { id } = await make({ name: "记录", phones: ["13900005557"] });
    const ask = { fields: ["phone", "name"], purpose: "verify", reason: "核对 13900005557 的尾号" };
    expect((await admin.post(`/api/v1/customers/${id}/reveal`, ask)).status).toBe(200);
    expect((await admin.put(`/api/v1/customers/${id}/tags`, { tags: ["说亚麻好"] })).status).toBe(200);
    const seen = (await admin.get("/api/v1/audit?action=customer.reveal&limit=1")).body.items[0];
    expect(seen).toMatchObject({ staff: "Administrator", object: "customer", object_id: id });
    expect(seen.detail).toMatchObject({ fields: ["phone", "name"], purpose: "verify" });
    expect(seen.detail.reason).toContain("核对");
    expect(seen.detail.reason).not.toContain("13900005557");
    const changed = (await admin.get("/api/v1/audit?action=customer.tags&limit=1")).body.items[0];
    expect(changed).toMatchObject({ object: "customer", object_id: id });
  });
});

describe("store staff", () => {
  let ours: string;
  let theirs: string;
  beforeAll(async () => {
    ours = (await make({ name: "本店人", phones: ["13900006666"] }, assistant)).id; // home store by herself
    theirs = (await make({ name: "杭店人", phones: ["13900007777"], home_store: "HZ01", sizes: { top: "S" }, birthday: "1980-01-02" })).id;
  });

  test("browse their own store only", async () => {
    const page = async (by: Session, query = "") => (await by.get(`/api/v1/customers?limit=200${query}`)).body.items.map((i: any) => i.id);
    const seen = await page(assistant);
    expect(seen).toContain(ours);
    expect(seen).not.toContain(theirs);
    expect(await page(admin)).toEqual(expect.arrayContaining([ours, theirs]));
    expect(await page(admin, "&store=HZ01")).toEqual([theirs]);
    expect((await assistant.get("/api/v1/customers?store=HZ01")).status).toBe(403);
    await eventually(async () => (await lookup("杭店人")).items.length === 1);
    expect(await lookup("杭店人", assistant)).toEqual({ kind: "none", items: [] });
    expect((await assistant.post("/api/v1/customers/search", { q: "杭店人" })).body.items).toEqual([]);
  });

  test("find across the chain by a full identifier, and get a till card", async () => {
    const { kind, items } = await lookup("13900007777", assistant);
    expect(kind).toBe("exact");
    expect(items[0]).toMatchObject({ till_card: true, name: "杭**", sizes: { top: "S" } });
    expect(Object.keys(items[0])).not.toEqual(expect.arrayContaining(["phone", "orders", "spent", "tags"]));
  });

  test("reach nobody else's record on any side path", async () => {
    const path = `/api/v1/customers/${theirs}`;
    const tries = [
      assistant.get(path), assistant.get(`${path}/timeline`), assistant.get(`${path}/orders`), assistant.get(`${path}/identifiers/1`), assistant.get(`${path}/changes`), assistant.post(`${path}/notes`, { text: "x" }),
      assistant.put(`${path}/tags`, { tags: [] }), assistant.put(`${path}/consents`, { purpose: "a", channel: "b", status: "granted" }),
      assistant.patch(path, { name: "y" }, { "if-match": "1" }), assistant.post(`${path}/reveal`, { fields: ["name"], purpose: "contact", reason: "warum" }),
    ];
    for (const reply of await Promise.all(tries)) expect(reply.status).toBe(403);
    const moved = await assistant.patch(`/api/v1/customers/${ours}`, { home_store: "HZ01" }, { "if-match": "1" });
    expect(moved.status).toBe(403);
    expect((await assistant.get("/api/v1/customers/1")).status).toBe(404);
    expect((await admin.get("/api/v1/customers/none")).status).toBe(404);
  });
});

describe("one person out of two", () => {
  const receipt = (number: string, member: object, paid: string, store = "SH01") => ({
    store, till: "1", number, time: "2026-03-01T13:40:00+08:00", currency: "CNY", kind: "receipt", member,
    lines: [{ line_no: 1, sku: "K1", name: "衣", quantity: 1, list_price: paid, paid, tax_rate: "13" }], tenders: [{ type: "cash", amount: paid }],
  });
  test("what came back is no purchase", async () => {
    const member = { phone: "13900008880" };
    const sold = (await withKey(program.url, till, "/api/v1/receipts", receipt("P1", member, "100.00"))).body.results[0];
    const back = {
      ...receipt("P2", member, "100.00"), kind: "return", tenders: [{ type: "cash", amount: "-100.00" }],
      lines: [{ line_no: 1, sku: "K1", quantity: -1, paid: "-100.00", return_of: { store: "SH01", till: "1", number: "P1", line_no: 1 } }],
    };
    expect((await withKey(program.url, till, "/api/v1/receipts", back)).status).toBe(200);
    const numbers = async (kind: string) => {
      const { items, total } = (await admin.get(`/api/v1/customers/${sold.customer_id}/orders?kind=${kind}`)).body;
      expect(total.count).toBe(items.length);
      return items.map((o: any) => o.number).sort();
    };
    expect(await numbers("")).toEqual(["P1", "P2"]);
    expect(await numbers("purchase")).toEqual(["P1"]);
    expect(await numbers("return")).toEqual(["P2"]);
    expect((await admin.get(`/api/v1/customers/${sold.customer_id}/orders?kind=moon`)).status).toBe(422);
  });

  test("a merged id answers with its root, totals add up, tags unite", async () => {
    const buy = async (body: object) => (await withKey(program.url, till, "/api/v1/receipts", body)).body.results[0].customer_id;
    const byPhone = await buy(receipt("M1", { phone: "13900008881" }, "100.00"));
    const byCard = await buy(receipt("M2", { card: "8800999900001234" }, "50.00", "HZ01"));
    expect(byPhone).not.toBe(byCard);
    await admin.put(`/api/v1/customers/${byPhone}/tags`, { tags: ["p"] });
    await admin.put(`/api/v1/customers/${byCard}/tags`, { tags: ["c"] });
    const joined = await buy(receipt("M3", { phone: "13900008881", card: "8800999900001234" }, "25.00"));
    const [a, b] = [(await admin.get(`/api/v1/customers/${byPhone}`)).body, (await admin.get(`/api/v1/customers/${byCard}`)).body];
    expect(a.id).toBe(b.id);
    expect([byPhone, byCard]).toContain(joined);
    const loser = a.id === byPhone ? b : a;
    expect(loser.merged_into).toBe(a.id);
    expect(a.members.sort()).toEqual([byPhone, byCard].sort());
    expect(a).toMatchObject({ orders: 3, spent: "175.00", channels: { store: true, web: false } });
    expect(a.tags.sort()).toEqual(["c", "p"]);
    expect(a.now).toMatchObject({ store_share_percent: 100, open_complaints: 0 });
    expect((await lookup("8800999900001234")).items[0].id).toBe(a.id);
    expect((await lookup("M2")).items.map((i: any) => i.id)).toEqual([a.id]); // the receipt's number
    const listed = (await admin.get("/api/v1/customers?limit=200")).body.items.map((i: any) => i.id);
    expect(listed.filter((id: string) => [byPhone, byCard].includes(id))).toEqual([a.id]);
    const story = (await admin.get(`/api/v1/customers/${byCard}/timeline`)).body.items;
    expect(story.filter((i: any) => i.kind === "receipt").map((i: any) => i.amount).sort()).toEqual(["100.00", "25.00", "50.00"]);
    const paged: string[] = [];
    for (let after = ""; ; ) {
      const page = (await admin.get(`/api/v1/customers/${a.id}/timeline?limit=1${after && `&after=${after}`}`)).body;
      paged.push(...page.items.map((i: any) => i.id));
      if (!page.next) break;
      after = page.next;
    }
    expect(new Set(paged).size).toBe(paged.length);
    expect(paged).toEqual(story.map((i: any) => i.id));
  });

  test("a receipt number that two stores gave to two people shows both; an assistant, those of her store", async () => {
    const buy = async (phone: string, store: string) =>
      (await withKey(program.url, till, "/api/v1/receipts", receipt("20260301-00042", { phone }, "10.00", store))).body.results[0].customer_id;
    const here = await buy("13900008883", "SH01");
    expect(await lookup("20260301-00042")).toMatchObject({ kind: "exact", items: [{ id: here }] });
    const there = await buy("13900008884", "HZ01");
    const both = await lookup("20260301-00042");
    expect(both.kind).toBe("list");
    expect(both.items.map((i: any) => i.id).sort()).toEqual([here, there].sort());
    const own = await lookup("20260301-00042", assistant);
    expect(own).toMatchObject({ kind: "exact", items: [{ id: here }] });
  });

  test("a trusted identify fills the record, an older one does not turn it back", async () => {
    const send = (name: string, at: string, n: number) =>
      withKey(program.url, server, "/v1/identify", { anonymousId: "d9", userId: "u-9", messageId: `i-${n}`, timestamp: at, traits: { name, phone: "13900008882", birthday: "1991-02-03" } });
    await send("赵新", "2026-03-02T10:00:00Z", 1);
    await send("赵旧旧", "2026-03-01T10:00:00Z", 2);
    const found = await lookup("13900008882");
    expect(found.items[0].name).toBe("赵*");
  });
});

describe("lists", () => {
  test("sort, page and count", async () => {
    const all = (await admin.get("/api/v1/customers?limit=200&sort=created")).body;
    expect(all.total).toEqual({ count: all.items.length, exact: true });
    const paged: string[] = [];
    for (let after = ""; ; ) {
      const page = (await admin.get(`/api/v1/customers?limit=3&sort=created${after && `&after=${after}`}`)).body;
      paged.push(...page.items.map((i: any) => i.id));
      if (!page.next) break;
      after = page.next;
    }
    expect(paged).toEqual(all.items.map((i: any) => i.id));
    const spent = (await admin.get("/api/v1/customers?limit=200&sort=-spent")).body.items.map((i: any) => Number(i.spent));
    expect(spent).toEqual([...spent].sort((a, b) => b - a));
    await becomes(async () => (await admin.get("/api/v1/customers?limit=200&sort=name")).body.items?.map((i: any) => i.id).sort(), all.items.map((i: any) => i.id).sort());
    expect((await admin.get("/api/v1/customers?sort=colour")).status).toBe(422);
    expect((await admin.get("/api/v1/customers?tag=VIP")).body.items).toHaveLength(1);
    expect((await admin.get("/api/v1/customers?class=staff")).body).toMatchObject({ items: [], total: { count: 0, exact: true } });
  });
});

test("whoever tries numbers at random is stopped", async () => {
  let status = 200;
  let tries = 0;
  for (; status === 200 && tries < 50; tries++) status = (await assistant.post("/api/v1/customers/lookup", { q: `1390001${1000 + tries}` })).status;
  expect([status, tries]).toEqual([429, 21]);
  expect((await lookup("13900006666")).kind).toBe("exact"); // others go on
});
