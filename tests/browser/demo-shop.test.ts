// In Chromium: somebody looks at two things, signs in, buys, and the customer's record has it all. The pages use the
// unmodified @segment/analytics-next, under the strict policy of the program.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Installation, install, type Running, Session, serve, zhixin } from "../harness";
import { stepMs } from "./console";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let place: Installation;
let running: Running;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  place = await install();
  await zhixin(["demo", "--data", place.data, "--customers", "60", "--years", "1", "--seed", "1"]);
  running = await serve(place.data);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  page = await browser.newPage({ locale: "zh-CN", viewport: { width: 390, height: 844 } });
  page.setDefaultTimeout(stepMs);
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(e.message));
});
afterAll(async () => {
  await browser?.close();
  await running?.stop();
  place?.remove();
});

// Serious findings of axe; it runs in the page's isolated world, so the policy stays as it is.
async function barriers(): Promise<string[]> {
  const found = await page.evaluate(
    `(async () => { ${axe}; const r = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag22aa"] }); return r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target).join(" ")); })()`,
  );
  return found as string[];
}

test("look, sign in, buy", async () => {
  await page.goto(`${running.url}/demo-shop/`);
  await page.getByRole("link", { name: /经典/ }).first().click();
  await page.getByRole("button", { name: "加入购物袋" }).waitFor();
  expect(await barriers()).toEqual([]);
  await page.goBack();
  await page.getByRole("link", { name: /亚麻连衣裙/ }).click();
  await page.getByRole("button", { name: "M", exact: true }).click();
  await page.getByRole("button", { name: "加入购物袋" }).click();
  await page.getByRole("link", { name: /购物袋 1/ }).click();
  await page.getByRole("button", { name: "登录后即可下单" }).click();
  await page.getByLabel("手机号").fill("15400000101");
  await page.getByRole("button", { name: "获取验证码" }).click();
  const shown = await page.getByText("演示验证码").textContent();
  await page.getByLabel("验证码").fill(/\d{6}/.exec(shown ?? "")?.[0] ?? "");
  expect(await barriers()).toEqual([]);
  await page.locator("form").getByRole("button", { name: "登录", exact: true }).click();
  await page.getByRole("button", { name: "提交订单" }).click();
  await page.getByRole("heading", { name: "订单已提交" }).waitFor();
  expect(await barriers()).toEqual([]);
  expect(complaints).toEqual([]);
});

test("her record has the order, and the visit is hers", async () => {
  const admin = await new Session(running.url).login(place.email, place.password);
  const { body: tour } = await admin.get("/api/v1/tour");
  const id = tour.items.find((s: { key: string }) => s.key === "till").customer_id;
  const orders = (await admin.get(`/api/v1/customers/${id}/orders`)).body.items;
  expect(orders[0]).toMatchObject({ channel: "web", total: "599.00" });
  await eventually(async () => {
    const { body } = await admin.get("/api/v1/events/recent");
    const hers = body.items
      .filter((e: { customer_id: string | null }) => e.customer_id === id)
      .map((e: { name: string }) => e.name);
    return ["Cart Viewed", "Checkout Started", "Order Completed"].every((name) => hers.includes(name));
  });
});
