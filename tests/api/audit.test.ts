// 查看记录: found by who, what, when and by words; paged; taken along as a workbook or CSV, which stands in it, too.
import { inflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { followed, type Program, Session, startProgram } from "../harness";

let program: Program;
let manager: string;

const rows = async (query = "") => (await program.admin.get(`/api/v1/audit?limit=200&${query}`)).body;
/** The day in China of a row, or one so many days later. */
const day = (row: { at: string }, offset = 0) => new Date(Date.parse(row.at) + 8 * 3600_000 + offset * 86400_000).toISOString().slice(0, 10);

/** The files of a zip as text, by name. */
function unzip(bytes: Buffer): Record<string, string> {
  const files: Record<string, string> = {};
  for (
    let at = bytes.readUInt32LE(bytes.lastIndexOf("PK\x05\x06", undefined, "latin1") + 16);
    bytes.readUInt32LE(at) === 0x02014b50;
  ) {
    const size = bytes.readUInt32LE(at + 20);
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const head = bytes.readUInt32LE(at + 42);
    const from = head + 30 + bytes.readUInt16LE(head + 26) + bytes.readUInt16LE(head + 28);
    const raw = bytes.subarray(from, from + size);
    files[name] = (bytes.readUInt16LE(at + 10) ? inflateRawSync(raw) : raw).toString("utf8");
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}

const download = async (path: string, session = program.admin) =>
  fetch(program.url + path, { headers: { cookie: session.cookie, "accept-language": "zh-CN" } });

beforeAll(async () => {
  program = await startProgram();
  const made = await program.admin.post("/api/v1/staff", {
    name: "王经理",
    email: "m@zhixin.example",
    password: "long-enough-9-words",
    role: "manager",
  });
  manager = made.body.id;
  const session = await new Session(program.url).login("m@zhixin.example", "long-enough-9-words");
  const her = await session.post("/api/v1/customers", { name: "李美玲", phones: ["13977770001"] });
  const phone = her.body.identifiers.find((i: any) => i.kind === "phone");
  await session.post(`/api/v1/customers/${her.body.id}/identifiers/${phone.id}/remove`, { reason: "号码属于她的同事" });
  for (let i = 0; i < 5; i++) await program.admin.put(`/api/v1/customers/${her.body.id}/tags`, { tags: [`t${i}`] });
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

describe("finding", () => {
  test("by person: one of the staff, the program, or keys", async () => {
    const hers = await rows(`who=${manager}`);
    expect(hers.items.length).toBeGreaterThanOrEqual(3);
    expect(new Set(hers.items.map((r: any) => r.staff))).toEqual(new Set(["王经理"]));
    for (const who of ["program", "key"])
      expect((await rows(`who=${who}`)).items.every((r: any) => r.staff === null)).toBe(true);
    expect((await program.admin.get("/api/v1/audit?who=nobody")).body.error.field).toBe("who");
  });

  test("by kind of act, together with the person", async () => {
    const { items, total } = await rows(`who=${manager}&action=customer.create`);
    expect(items.map((r: any) => r.action)).toEqual(["customer.create"]);
    expect(total).toEqual({ count: 1, exact: true });
  });

  test("by days, both of them whole", async () => {
    const all = await rows();
    const [newest, oldest] = [all.items[0], all.items.at(-1)];
    expect((await rows(`from=${day(oldest)}&to=${day(newest)}`)).total).toEqual(all.total);
    for (const range of [`from=${day(newest, 1)}`, `to=${day(oldest, -1)}`]) expect((await rows(range)).items).toEqual([]);
    expect((await program.admin.get("/api/v1/audit?from=soon")).body.error.field).toBe("from");
  });

  test("by words of the reason, by a name, by a reference", async () => {
    const [found] = (await rows(`q=${encodeURIComponent("同事")}`)).items;
    expect(found.action).toBe("customer.remove_identifier");
    expect((await rows(`q=${encodeURIComponent("王经")}`)).items.length).toBeGreaterThanOrEqual(3);
    expect((await rows(`q=${found.request_id}`)).items.map((r: any) => r.id)).toEqual([found.id]);
    expect((await rows("q=no-such-word")).items).toEqual([]);
  });

  test("pages go on within the filter, and say how many there are", async () => {
    const seen: string[] = [];
    for (let next = ""; ; ) {
      const { body } = await program.admin.get(`/api/v1/audit?action=customer.tags&limit=2${next && `&after=${next}`}`);
      expect(body.total).toEqual({ count: 5, exact: true });
      seen.push(...body.items.map((r: any) => r.id));
      next = body.next ?? "";
      if (!next) break;
    }
    expect(new Set(seen).size).toBe(5);
  });
});

describe("taking along", () => {
  test("CSV holds what the filter leaves, with the words of the API", async () => {
    const reply = await download(`/api/v1/audit.csv?who=${manager}&action=customer.remove_identifier`);
    expect(reply.headers.get("content-type")).toContain("text/csv");
    expect(reply.headers.get("content-disposition")).toContain("audit.csv");
    const lines = (await reply.text()).trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe("id,at,staff_id,staff,key_id,action,object,object_id,object_name,detail,request_id");
    expect(lines[1]).toContain("王经理");
    expect(lines[1]).toContain("号码属于她的同事");
  });

  test("the workbook says it in the reader's language", async () => {
    const reply = await download(`/api/v1/audit.xlsx?who=${manager}`);
    expect(reply.headers.get("content-type")).toContain("spreadsheetml");
    const files = unzip(Buffer.from(await reply.arrayBuffer()));
    expect(files["xl/workbook.xml"]).toContain("查看记录");
    const sheet = files["xl/worksheets/sheet1.xml"];
    for (const text of ["做了什么", "王经理", "移除客户标识", "原因 号码属于她的同事"]) expect(sheet).toContain(text);
    expect(sheet).not.toContain("audit.");
  });

  test("so does the overview's", async () => {
    await followed(program.admin); // the warehouse is being made at first
    const reply = await download("/api/v1/overview.xlsx");
    const files = unzip(Buffer.from(await reply.arrayBuffer()));
    expect(files["xl/workbook.xml"]).toContain("总览");
    expect(files["xl/sharedStrings.xml"]).toContain("销售额");
  });

  test("each download stands in the audit; one that was refused does not", async () => {
    const taken = (await rows("action=export.run")).items.map((r: any) => r.detail);
    expect(taken).toEqual([
      { kind: "overview", format: "xlsx" },
      { kind: "audit", format: "xlsx" },
      { kind: "audit", format: "csv" },
    ]);
    const session = await new Session(program.url).login("m@zhixin.example", "long-enough-9-words");
    expect((await download("/api/v1/audit.xlsx", session)).status).toBe(403);
    expect((await rows("action=export.run")).items).toHaveLength(3);
  });
});
