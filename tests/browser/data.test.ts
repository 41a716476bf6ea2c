// What comes in, seen from the console: figures and their lists, keys, live events, imports, staff.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Program, withKey } from "../harness";
import { logIn, openBrowser, openPerson, type Person } from "./console";
import { startDemo } from "./demo";

let program: Program;
let browser: Browser;
let person: Person;

beforeAll(async () => {
  program = await startDemo(200);
  browser = await openBrowser();
  person = await openPerson(browser, program.url);
  await logIn(person.page, program.email, program.password, "/overview");
});
afterAll(async () => {
  expect(person?.complaints).toEqual([]);
  await browser?.close();
  await program?.stop();
});

describe("the overview", () => {
  test("shows what the server counted, with formula and comparison", async () => {
    const { page } = person;
    const sales = page.locator('[data-tile="sales"]');
    await sales.waitFor();
    const from = new URL(page.url()).searchParams.get("from");
    expect(from).toBe(null); // the usual period needs no address
    await page.goto("/overview?from=2026-01-01&to=2026-12-31");
    const reply = await program.admin.get("/api/v1/overview?from=2026-01-01&to=2026-12-31&compare=weekday");
    const tile = reply.body.tiles.find((t: { key: string }) => t.key === "sales");
    const whole = await sales.locator("strong").getAttribute("title");
    expect(whole?.replace(/[¥,]/g, "")).toBe(tile.value);
    await sales.hover();
    await page
      .getByRole("tooltip")
      .getByText(/所有优惠之后/)
      .waitFor();
    const hint = page.getByRole("tooltip").getByText("今天还没结束，而对比的日子是整天。");
    await hint.waitFor();
    await page.goto("/overview?from=2026-01-01&to=2026-01-31");
    await sales.hover();
    await page.getByRole("tooltip").getByText(/所有优惠之后/).waitFor();
    expect(await hint.count()).toBe(0);
    await page.goto("/overview?from=2026-01-01&to=2026-12-31");
  });

  test("each figure opens the list behind it, with the same filter", async () => {
    const { page } = person;
    await page.locator('[data-tile="sales"]').click();
    await page.waitForURL("**/overview/detail?**tile=sales**");
    expect(new URL(page.url()).searchParams.get("from")).toBe("2026-01-01");
    await page.locator("table a").first().waitFor();
    await page.getByRole("link", { name: "返回总览" }).click();
    await page.waitForURL(/\/overview\?/);
  });

  test("two islands become one, in a sentence", async () => {
    const { page } = person;
    const islands = page.getByRole("region", { name: "孤岛与打通" });
    await islands.getByText(/其实是 [\d,]+ 个人/).waitFor();
    await islands.getByText("孤岛", { exact: true }).click();
    await islands.getByText(/网店有 [\d,]+ 位/).waitFor();
    await page.waitForURL("**islands=separate**");
  });

  test("the chart has its table, and the whole its workbook", async () => {
    const { page } = person;
    await page.getByRole("img", { name: "每日销售额" }).waitFor();
    await page.getByText("表", { exact: true }).first().click();
    await page.getByRole("region", { name: "每日销售额" }).getByRole("row").nth(3).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "导出 XLSX" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.xlsx$/);
  });

  test("the tour tells its stories on the record", async () => {
    const { page } = person;
    await page.goto("/overview");
    await page.locator(".zx-tour a").first().click();
    await page.waitForURL("**/customers/*story=till");
    await page.getByRole("alert").getByText("沈静怡").waitFor();
  });
});

describe("data coming in", () => {
  let key: string;

  test("a key is made for a source and shown once", async () => {
    const { page } = person;
    await page.goto("/data/sources");
    await page.getByRole("button", { name: "新建来源" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("名称").fill("测试网店");
    await dialog.getByLabel("代码").fill("test-shop");
    await dialog.getByRole("button", { name: "保存" }).click();
    const card = page.locator(".zx-card", { hasText: "test-shop" });
    await card.getByRole("button", { name: "新建密钥" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "新建密钥" }).click();
    key = ((await page.locator(".zx-key-shown code").textContent()) ?? "").trim();
    expect(key.length).toBeGreaterThan(20);
    await page.getByRole("button", { name: "我已保存" }).click();
    await card.getByRole("listitem").first().waitFor();
    await expect.poll(() => page.getByText(key).count()).toBe(0);
  });

  test("events show as they arrive, with the reason where one is refused", async () => {
    const { page } = person;
    await page.goto("/data/live");
    await page.getByText("实时", { exact: true }).waitFor(); // the stream is open; the list may still be on its way
    const event = { anonymousId: "browser-1", event: "Browser Test Viewed", properties: {} };
    expect((await withKey(program.url, key, "/v1/track", event)).status).toBe(200);
    await page.getByRole("cell", { name: "Browser Test Viewed" }).first().waitFor();
    await withKey(program.url, key, "/v1/batch", { batch: [{ type: "track", anonymousId: "browser-1" }] });
    await page.getByText("缺少事件名").first().waitFor();
    await page.getByRole("button", { name: "暂停" }).click();
    await withKey(program.url, key, "/v1/track", { ...event, event: "While Paused" });
    await page.getByRole("button", { name: /继续（\d+ 条新）/ }).waitFor();
    expect(await page.getByText("While Paused").count()).toBe(0);
    await page.getByRole("button", { name: /继续/ }).click();
    await page.getByText("While Paused").waitFor();
  });

  test("what was refused stands in quarantine", async () => {
    const { page } = person;
    const till = await program.key("api", "tills", true);
    const receipt = { store: "SH01", number: "Q-1", time: "2026-03-01T10:00:00+08:00", lines: [{ sku: "K1", quantity: 0, paid: "1.00" }] };
    expect((await withKey(program.url, till, "/api/v1/receipts", receipt)).status).toBe(422);
    await page.goto("/data/quarantine");
    await page.getByText("缺少事件名").first().waitFor();
    await page.getByText("lines[0].quantity · 数量不能为零").waitFor();
  });

  test("a file is tried, then imported, and its refused rows are named", async () => {
    const { page } = person;
    await page.goto("/data/imports");
    await page.getByRole("radio", { name: "客户" }).check();
    const csv = "name,phone,email\n许愿,15488880001,xuyuan@example.com\n,not a phone,\n";
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
    await page.getByText("new.csv").waitFor();
    await page.getByRole("button", { name: "试运行" }).click();
    const first = page.locator(".zx-imports .zx-job").first();
    await first.getByText("已完成").waitFor();
    await first.getByText("试运行").waitFor();
    await page.getByRole("button", { name: "导入", exact: true }).click();
    await expect.poll(() => first.textContent()).toMatch(/^(?!.*试运行)[\s\S]*新增 1/);
    await first.getByRole("link", { name: "下载被拒绝的行和原因" }).waitFor();
    const found = await program.admin.post("/api/v1/customers/lookup", { q: "15488880001" });
    expect(found.body.kind).toBe("exact");
  });
});

describe("people and what they did", () => {
  test("a member of staff is added, and can be switched off", async () => {
    const { page } = person;
    await page.goto("/settings/staff");
    await page.getByRole("button", { name: "新建员工" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("姓名").fill("新同事");
    await dialog.getByLabel("邮箱").fill("new@zhixin.example");
    await dialog.getByLabel("初始密码").fill("short");
    await dialog.getByRole("button", { name: "保存" }).click();
    await dialog.locator(".ant-form-item-explain-error").first().waitFor();
    await dialog.getByLabel("初始密码").fill("a long first password");
    await dialog.getByRole("button", { name: "保存" }).click();
    await page.getByRole("button", { name: "新同事" }).click();
    await dialog.getByRole("switch").click();
    await dialog.getByRole("button", { name: "保存" }).click();
    await page
      .getByRole("row", { name: /新同事/ })
      .getByText("已停用")
      .waitFor();
  });

  test("the audit names who did what", async () => {
    const { page } = person;
    await page.goto("/privacy/audit");
    await page.getByRole("table").getByText("Administrator").first().waitFor();
  });

  test("the audit is filtered by person, act, days and words, and its address keeps them", async () => {
    const { page } = person;
    await page.getByLabel("谁", { exact: true }).click();
    await page.getByTitle("Administrator").click();
    await page.waitForURL(/who=\d+/);
    await page.getByLabel("做了什么").click();
    await page.keyboard.type("登录");
    await page.getByTitle("登录", { exact: true }).click();
    await page.waitForURL(/action=session\.open/);
    expect(new URL(page.url()).searchParams.get("who")).toMatch(/^\d+$/);
    await page.getByRole("table", { name: "查看记录" }).getByText("登录", { exact: true }).first().waitFor();
    const files = page.getByRole("link", { name: /导出/ });
    for (const at of [0, 1]) expect(await files.nth(at).getAttribute("href")).toMatch(/audit\.(xlsx|csv)\?.*session\.open/);
    await page.getByLabel("姓名、对象、原因或参考号").fill("没有这个词");
    await page.keyboard.press("Enter");
    await page.getByText("没有符合条件的记录").waitFor();
    await page.reload();
    await page.getByText("没有符合条件的记录").waitFor();
    expect(new URL(page.url()).searchParams.get("q")).toBe("没有这个词");
    await page.getByRole("button", { name: "清除筛选" }).click();
    await page.getByRole("table").getByText("Administrator").first().waitFor();
    expect(new URL(page.url()).search).toBe("");
  });
});
