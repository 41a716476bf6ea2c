// The overview as a manager asks it: what a period is compared with, and who and what stands behind a figure.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { followed, type Program, Session, startProgram, withKey } from "../harness";

let program: Program;
beforeAll(async () => {
  program = await startProgram();
  await followed(program.admin); // a new warehouse is made first
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

describe("a period is compared with", () => {
  test.each([
    ["the same weekdays of the week before, when nothing is said", "", "2026-03-04", "2026-03-04", "2026-02-25", "2026-02-25"],
    ["whole weeks earlier", "weekday", "2026-03-01", "2026-03-10", "2026-02-15", "2026-02-24"],
    ["yesterday", "previous", "2026-03-04", "2026-03-04", "2026-03-03", "2026-03-03"],
    ["the same dates of last year", "year", "2024-02-29", "2024-03-01", "2023-02-28", "2023-03-01"],
    ["the same weekdays of last year", "year_weekday", "2026-03-02", "2026-03-08", "2025-03-03", "2025-03-09"],
    ["the same days around Spring Festival", "year_lunar", "2026-02-10", "2026-02-23", "2025-01-22", "2025-02-04"], // 腊月廿三
    ["New Year's Eve on the 29th where it was the 30th", "year_lunar", "2024-02-09", "2024-02-10", "2023-01-21", "2023-01-22"],
    ["the plain month of a leap one", "year_lunar", "2025-07-25", "2025-07-25", "2024-07-06", "2024-07-06"], // 闰六月初一 → 六月初一
    ["the same month after a leap one", "year_lunar", "2026-07-14", "2026-07-14", "2025-06-25", "2025-06-25"], // 六月初一
  ])("%s", async (_what, compare, from, to, beforeFrom, beforeTo) => {
    const { status, body } = await program.admin.get(`/api/v1/overview?from=${from}&to=${to}&compare=${compare}`);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.compare_period).toEqual({ from: beforeFrom, to: beforeTo });
  });

  test("nothing that the calendar does not know", async () => {
    for (const asked of ["compare=moon", "from=2000-02-01&to=2000-02-02&compare=year_lunar", "from=1999-02-01&to=1999-02-02&compare=year_lunar"])
      expect((await program.admin.get(`/api/v1/overview?${asked}`)).status, asked).toBe(422);
  });
});

test("an unknown channel is a mistake that is named, not a row of zeros", async () => {
  for (const part of ["", "/daily", "/funnel", "/styles", ".xlsx"]) {
    const { status, body } = await program.admin.get(`/api/v1/overview${part}?channel=webb`);
    expect([part, status, body.error?.field]).toEqual([part, 400, "channel"]);
  }
  await program.key("write", "tm", true);
  const source = (await program.admin.get("/api/v1/sources")).body.items.find((s: any) => s.code === "tm");
  await program.admin.patch(`/api/v1/sources/${source.id}`, { channel: "tmall" }, { "if-match": `"${source.rev}"` });
  for (const channel of ["", "store", "web", "wechat", "tmall"])
    expect((await program.admin.get(`/api/v1/overview?channel=${channel}`)).status, channel).toBe(200);
});

describe("behind a figure, and among the orders", () => {
  let till: string;
  const number = (n: number) => `R-${n}`;
  beforeAll(async () => {
    till = await program.key("api", "till", true);
    await program.admin.post("/api/v1/stores", { stores: ["SH01", "HZ01"].map((code) => ({ code, name: code, city: "上海", region: "华东", kind: "own" })) });
    const sold = (n: number, store: string, member?: object) => ({
      store, till: "1", number: number(n), time: `2026-03-0${n}T10:00:00+08:00`, member, lines: [{ sku: "K1", quantity: 1, paid: "100.00" }], tenders: [{ type: "cash", amount: "100.00" }],
    });
    for (const body of [sold(1, "SH01", { phone: "13900001001" }), sold(2, "HZ01", { phone: "13900001002" }), sold(3, "SH01")])
      expect((await withKey(program.url, till, "/api/v1/receipts", body)).body).toMatchObject({ results: [{ outcome: "new" }] });
    for (const [phone, name] of [["13900001001", "王一"], ["13900001002", "欧阳二"]]) {
      const { id, rev } = (await program.admin.post("/api/v1/customers/lookup", { q: phone })).body.items[0];
      expect((await program.admin.patch(`/api/v1/customers/${id}`, { name }, { "if-match": rev })).status).toBe(200);
    }
    await followed(program.admin);
  });
  const behind = async (tile: string) => (await program.admin.get(`/api/v1/overview/detail?tile=${tile}&from=2026-03-01&to=2026-03-31`)).body.items;

  test("people are named, masked", async () => {
    expect((await behind("new_customers")).map((p: any) => p.customer.name)).toEqual(["欧阳*", "王*"]);
  });

  test("documents name whose they are, walk-ins nobody", async () => {
    const rows = await behind("sales");
    expect(rows.map((r: any) => [r.number, r.customer?.name ?? null])).toEqual([["R-3", null], ["R-2", "欧阳*"], ["R-1", "王*"]]);
  });

  test("so do the lists of orders, and each document; store staff read no names of others", async () => {
    const names = async (session: Session) => (await session.get("/api/v1/orders?limit=10")).body.items.map((o: any) => [o.number, o.customer?.name ?? null]);
    expect(await names(program.admin)).toEqual([["R-3", null], ["R-2", "欧阳*"], ["R-1", "王*"]]);
    const first = (await program.admin.get("/api/v1/orders?limit=10")).body.items[2];
    expect((await program.admin.get(`/api/v1/orders/${first.id}`)).body.customer).toEqual({ code: expect.stringMatching(/^C\d{6}$/), name: "王*", salutation: "王顾客" });
    const password = "correct horse battery";
    await program.admin.post("/api/v1/staff", { email: "h@zhixin.example", name: "小何", role: "store", stores: ["SH01"], password });
    const assistant = await new Session(program.url).login("h@zhixin.example", password);
    expect(await names(assistant)).toEqual([["R-3", null], ["R-1", "王*"]]);
  });
});
