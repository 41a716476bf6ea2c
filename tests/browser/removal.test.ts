// A wrong contact comes off a record on the page: in the form, with a reason, and the record shows it as removed.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, startProgram } from "../harness";
import { expectAccessible, logIn, openBrowser, openPerson, type Person } from "./console";

let program: Program;
let browser: Browser;
let person: Person;
let her: string;

beforeAll(async () => {
  program = await startProgram();
  const made = await program.admin.post("/api/v1/customers", {
    name: "李美玲",
    phones: ["13977770001", "13977770002"],
    emails: ["wrong@example.com"],
  });
  her = made.body.id;
  browser = await openBrowser();
  person = await openPerson(browser, program.url);
  await logIn(person.page, program.email, program.password, `/customers/${her}/edit`);
});
afterAll(async () => {
  expect(person?.complaints).toEqual([]);
  await browser?.close();
  await program?.stop();
});

test("the form takes a phone off, asks why, and can still be saved", async () => {
  const { page } = person;
  await page.getByRole("button", { name: "移除 手机 139****0001" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("移除手机 139****0001？").waitFor();
  expect(await dialog.getByRole("button", { name: "移除" }).isDisabled()).toBe(true);
  await dialog.getByLabel("为什么不是她的？").fill("号码是她同事的");
  await expectAccessible(page, "removing a contact");
  await dialog.getByRole("button", { name: "移除" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "移除 手机 139****0001" }).waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "移除 手机 139****0002" }).waitFor();
  await page.getByLabel("专属导购").fill("A07");
  await page.getByRole("button", { name: "保存" }).click();
  await page.waitForURL(`**/customers/${her}`);
});

test("the record shows it as removed, and its evidence says who and why; another goes from there", async () => {
  const { page } = person;
  const list = page.getByRole("list", { name: "身份标识" });
  await list.getByRole("button").filter({ hasText: "已移除" }).click();
  const drawer = page.getByRole("dialog", { name: "认定依据" });
  await drawer.getByText("原因：号码是她同事的").waitFor();
  expect(await drawer.getByRole("button", { name: "移除" }).count()).toBe(0);
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  await list.getByRole("button").filter({ hasText: "邮箱" }).click();
  await drawer.getByRole("button", { name: "移除" }).click();
  const asking = page.getByRole("dialog", { name: /移除邮箱/ });
  await asking.getByLabel("为什么不是她的？").fill("写错了");
  await asking.getByRole("button", { name: "移除" }).click();
  await asking.waitFor({ state: "hidden" });
  await list.getByRole("button").filter({ hasText: "已移除" }).nth(1).waitFor();
  await page.getByRole("button", { name: "变更记录" }).click();
  await page.getByRole("dialog", { name: "变更记录" }).getByText("移除标识").first().waitFor();
});
