// What waits in 待核对 as people see it: goods that came back twice, with the documents, closed with a reason.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, startProgram, withKey } from "../harness";
import { expectAccessible, logIn, openBrowser, openPerson, type Person } from "./console";

let program: Program;
let browser: Browser;
let person: Person;

beforeAll(async () => {
  program = await startProgram();
  const till = await program.key("api", "till", true);
  await program.admin.post("/api/v1/stores", {
    stores: [{ code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" }],
  });
  const receipt = (number: string, quantity: number, back: object) => ({
    store: "SH01",
    till: "1",
    number,
    time: "2026-03-01T13:40:00+08:00",
    lines: [{ sku: "K1-M", name: "亚麻连衣裙", quantity, paid: String(quantity * 399), ...back }],
    tenders: [{ type: "cash", amount: String(quantity * 399) }],
  });
  const of = { return_of: { store: "SH01", till: "1", number: "S1", line_no: 1 } };
  const receipts = [receipt("S1", 1, {}), receipt("R1", -1, of), receipt("R2", -1, of)];
  await withKey(program.url, till, "/api/v1/receipts", { receipts });
  browser = await openBrowser();
  person = await openPerson(browser, program.url);
  await logIn(person.page, program.email, program.password, "/orders");
});
afterAll(async () => {
  expect(person?.complaints).toEqual([]);
  await browser?.close();
  await program?.stop();
});

test("the list and the document say that more came back than was sold, and lead to the case", async () => {
  const { page } = person;
  const row = page.getByRole("row").filter({ hasText: "R2" });
  await row.getByText("多退").waitFor();
  expect(await page.getByRole("row").filter({ hasText: "R1" }).getByText("多退").count()).toBe(0);
  await row.getByRole("link", { name: "R2" }).click();
  await page.getByText("多退 1 件").waitFor();
  await page.getByRole("link", { name: "退自 S1" }).click();
  await page.getByText("卖出 1 件，已退 2 件").waitFor();
  await page.getByRole("link", { name: "查看待核对" }).click();
  await page.waitForURL("**/reviews?id=*");
});

test("the case shows what was sold and what returned it, and is closed with a reason", async () => {
  const { page } = person;
  const matter = page.getByRole("region", { name: "对照" });
  await matter.getByRole("heading", { name: "退回的比卖出的多" }).waitFor();
  await matter.getByRole("table", { name: "退它的单据" }).getByRole("link", { name: "R2" }).waitFor();
  await matter.getByRole("table", { name: "商品明细" }).getByText("多退 1 件").waitFor();
  await expectAccessible(page, "an over-return");
  await page.getByRole("button", { name: "已处理" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("收银重复操作，货款已追回");
  await dialog.getByRole("button", { name: "已处理" }).click();
  await page.getByText("没有待核对的事").waitFor();
  await page.getByText("已处理", { exact: true }).click();
  await page.getByText("说明：收银重复操作，货款已追回").waitFor();
  expect(await page.getByRole("button", { name: "稍后再看" }).count()).toBe(0);
});
