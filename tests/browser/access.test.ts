// WCAG 2.2 AA: every page, light and dark, wide and on the phone, has nothing for axe to say; so have the dialogs.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Program } from "../harness";
import { expectAccessible, goWithin, logIn, openBrowser, openPerson, type Person, settled, type View } from "./console";
import { assistantEmail, findId, password, shen, startDemo } from "./demo";

let program: Program;
let browser: Browser;
let shenId: string;

beforeAll(async () => {
  program = await startDemo(150);
  browser = await openBrowser();
  shenId = await findId(program, shen.card);
});
afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

const paths = [
  "/overview",
  "/overview?daily=table&islands=separate",
  "/overview/detail?tile=sales",
  "/lookup",
  "/customers",
  "/customers/new",
  "/customers/ID",
  "/customers/ID?tab=orders",
  "/customers/ID/edit",
  "/reviews",
  "/orders",
  "/catalogue/styles",
  "/catalogue/styles?as=table",
  "/catalogue/stores",
  "/data/sources",
  "/data/live",
  "/data/imports",
  "/data/quarantine",
  "/privacy/audit",
  "/settings/staff",
  "/settings/roles",
  "/me",
];

// At first each page by its address, then from within the program.
const views: [string, View, (page: Page, path: string) => Promise<unknown>][] = [
  ["wide and light, in Chinese", {}, (page, path) => page.goto(path)],
  ["wide and dark, in English", { theme: "dark", language: "en-US" }, goWithin],
  ["on the phone, in traditional Chinese", { width: 390, language: "zh-TW" }, goWithin],
  ["on the phone and dark", { width: 390, theme: "dark" }, goWithin],
];

describe.each(views)("every page %s", (_name, view, go) => {
  let person: Person;
  beforeAll(async () => {
    person = await openPerson(browser, program.url, view);
    await person.page.goto("/login");
    await person.page.locator("input[type=password]").waitFor();
    await expectAccessible(person.page, "/login");
    await logIn(person.page, program.email, program.password);
  });
  afterAll(async () => {
    expect(person.complaints).toEqual([]);
    await person.context.close();
  });

  test.each(paths)("%s", async (path) => {
    await go(person.page, path.replace("ID", shenId));
    await settled(person.page);
    await expectAccessible(person.page, path);
    const wider = await person.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider, "nothing is wider than the window").toBeLessThanOrEqual(0);
  });
});

describe("what opens over a page", () => {
  let person: Person;
  beforeAll(async () => {
    person = await openPerson(browser, program.url);
    await logIn(person.page, program.email, program.password);
  });
  afterAll(async () => {
    expect(person.complaints).toEqual([]);
    await person.context.close();
  });

  test.each([
    ["reveal", `/customers/ID`, "查看明文"],
    ["tags", `/customers/ID`, "标签"],
    ["consent", `/customers/ID`, "登记"],
    ["evidence", `/customers/ID`, "手机"],
    ["changes", `/customers/ID`, "变更记录"],
    ["new source", "/data/sources", "新建来源"],
    ["new key", "/data/sources", "新建密钥"],
    ["new staff", "/settings/staff", "新建员工"],
  ])("%s", async (_what, path, button) => {
    const { page } = person;
    await page.goto(path.replace("ID", shenId));
    await settled(page);
    await page.getByRole("button", { name: button }).first().click();
    await page.getByRole("dialog").waitFor();
    await settled(page);
    await expectAccessible(page, button);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  });

  test("palette and shortcut sheet", async () => {
    const { page } = person;
    await page.goto("/customers");
    await settled(page);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /去哪里/ }).waitFor();
    await settled(page);
    await expectAccessible(page, "palette");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.keyboard.press("Shift+?");
    await page.getByRole("dialog", { name: "键盘快捷键" }).waitFor();
    await settled(page);
    await expectAccessible(page, "sheet");
  });
});

describe("store staff on the phone", () => {
  test("work from the bottom bar, and see now before the story", async () => {
    const person = await openPerson(browser, program.url, { width: 390 });
    const { page } = person;
    await logIn(page, assistantEmail, password);
    const bar = page.getByRole("navigation", { name: "导航" });
    for (const place of ["查会员", "我的客户", "商品", "我"]) await bar.getByText(place, { exact: true }).waitFor();
    await bar.getByText("我的客户").click();
    await page.locator("[data-customer]").first().click();
    await page.locator(".zx-record").waitFor();
    const headings = page.locator(".zx-record h2, .zx-record .ant-tabs-tab");
    await headings.filter({ hasText: "资料" }).first().waitFor();
    const order = await headings.allInnerTexts();
    expect(order.indexOf("现在")).toBeLessThan(order.indexOf("故事"));
    expect(order.indexOf("故事")).toBeLessThan(order.indexOf("资料"));
    await expectAccessible(page, "record of store staff");
    expect(person.complaints).toEqual([]);
    await person.context.close();
  });
});
