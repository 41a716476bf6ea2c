// A newcomer's first five minutes, as the README promises them: what `make run` starts is logged into with the password
// that it printed, a customer is found and read, the demo shop is used in a second window, and a store's day file comes in.
// It runs tools/run.sh, as make does, with a folder, a port and a size of its own.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, freePort, listening, type Running, root, Session, zhixin } from "../harness";
import { logIn, openBrowser, openPerson, type Person } from "./console";
import { he, indexed } from "./demo";

const folder = mkdtempSync(join(tmpdir(), "zhixin-five-"));
const data = join(folder, "demo");
let address: string;
let running: Running;
let browser: Browser;
let console_: Person;
let page: Page;
let admin: Session;
let heId: string;
let printed: { url: string; email: string; password: string; stop: string };

const run = () =>
  listening(join(root, "tools/run.sh"), [], {
    ZHIXIN_DATA: data,
    ZHIXIN_LISTEN: address,
    ZHIXIN_DEMO_CUSTOMERS: "150",
  });

function read(out: string) {
  const value = (name: string) => new RegExp(`^ +${name} +(\\S+)`, "m").exec(out)?.[1] ?? "";
  return { url: value("Zhixin 知心"), email: value("administrator"), password: value("password"), stop: value("stop") };
}

beforeAll(async () => {
  address = `127.0.0.1:${await freePort()}`; // so that what is printed can be compared with where it listens
  running = await run();
  printed = read(running.out());
  browser = await openBrowser();
  console_ = await openPerson(browser, printed.url);
  page = console_.page;
});
afterAll(async () => {
  expect(console_?.complaints).toEqual([]);
  await browser?.close();
  expect(await running?.stop("SIGINT")).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

test("make run prints where it is, who may log in, and how to stop", () => {
  expect(printed).toMatchObject({ url: `http://${address}`, email: "admin@zhixin.example", stop: "Ctrl-C" });
  expect(running.url).toBe(printed.url);
  expect(printed.password).toMatch(/^[0-9a-f]{24}$/);
  expect(statSync(join(data, "admin-password")).mode & 0o077).toBe(0);
});

test("the printed password leads to the overview, and two islands become one", async () => {
  await logIn(page, printed.email, printed.password);
  const islands = page.getByRole("region", { name: "孤岛与打通" });
  await islands.getByText(/其实是 [\d,]+ 个人/).waitFor();
  await islands.getByText("孤岛", { exact: true }).click();
  await islands.getByText(/网店有 [\d,]+ 位/).waitFor();
  await islands.getByText("打通", { exact: true }).click();
  await islands.getByText(/其实是 [\d,]+ 个人/).waitFor();
  admin = await new Session(printed.url).login(printed.email, printed.password);
  heId = (await admin.post("/api/v1/customers/lookup", { q: he.card })).body.items[0].id;
  await indexed(admin); // she is looked for by name, too
});

describe("a customer is found", () => {
  const numberOf = async (channel: string) => {
    const { body } = await admin.get(`/api/v1/customers/${heId}/orders`);
    return body.items.find((d: { channel: string }) => d.channel === channel).number as string;
  };
  /** A receipt's number may be another till's, too: then both people are listed. */
  const ways: [string, "record" | "list" | "either", () => string | Promise<string>][] = [
    ["phone", "record", () => he.phone],
    ["e-mail", "record", () => he.email],
    ["member card", "record", () => he.card],
    ["order number", "record", () => numberOf("web")],
    ["receipt number", "either", () => numberOf("store")],
    ["surname and last four", "list", () => `${he.name[0]} ${he.phone.slice(-4)}`],
    ["name", "list", () => he.name],
    ["pinyin", "list", () => he.pinyin],
  ];
  test.each(ways)("by %s", async (_way, leadsTo, text) => {
    await page.getByRole("navigation", { name: "导航" }).getByRole("link", { name: "查会员" }).click();
    await page.waitForURL("**/lookup");
    const q = await text();
    await page.getByRole("main").getByLabel("查找客户").fill(q);
    await page.keyboard.press("Enter");
    const { kind } = (await admin.post("/api/v1/customers/lookup", { q })).body;
    if (leadsTo !== "either") expect(kind).toBe(leadsTo === "list" ? "list" : "exact");
    if (kind === "list") await page.locator(`[data-customer="${heId}"]`).click();
    await page.waitForURL(`**/customers/${heId}`);
    await page.getByRole("heading", { name: /^何/ }).waitFor();
  });
});

describe("her record", () => {
  test("is masked, and each identifier has its evidence", async () => {
    const text = await page.locator("main").textContent();
    expect(text).toContain("154****0105");
    expect(text).not.toMatch(new RegExp(`${he.phone}|${he.name}|${he.card}|${he.email}`));
    const identifiers = page.getByRole("list", { name: "身份标识" }).getByRole("button");
    for (const kind of ["手机", "会员卡"]) {
      await identifiers.filter({ hasText: kind }).first().click();
      const drawer = page.getByRole("dialog", { name: "认定依据" });
      await drawer
        .getByText(/规则 \w+ 第 \d+ 版/)
        .first()
        .waitFor();
      await page.keyboard.press("Escape");
      await drawer.waitFor({ state: "hidden" });
    }
  });

  test("has shop and web in one story, her orders, totals per channel, consents and changes", async () => {
    const story = page.getByRole("region", { name: "故事" });
    await story.locator(".zx-story-web").first().waitFor();
    await story.locator(".zx-story-receipt, .zx-story-return").first().waitFor();
    const totals = page.getByRole("table", { name: "各渠道合计" });
    await totals.getByRole("rowheader", { name: "网店" }).waitFor();
    await totals.getByRole("rowheader", { name: "门店" }).waitFor();
    const said = {
      purpose: "marketing",
      channel: "sms",
      status: "granted",
      text_version: "2026-03",
      proof: "入会表 0042",
    };
    expect((await admin.call("PUT", `/api/v1/customers/${heId}/consents`, said)).status).toBeLessThan(300);
    await page.locator(".zx-consents").getByText("同意").waitFor();
    await page.getByRole("button", { name: /条新动态/ }).click();
    await page.getByRole("button", { name: "变更记录" }).click();
    const changes = page.getByRole("dialog", { name: "变更记录" });
    await changes.getByRole("listitem").first().waitFor();
    await page.keyboard.press("Escape");
    await changes.waitFor({ state: "hidden" });
    await page.getByRole("tab", { name: "订单与小票" }).click();
    await page.locator(".zx-orders a").nth(1).waitFor();
    await page.getByRole("tab", { name: "故事" }).click();
    await story.locator(".zx-story-item").first().waitFor();
  });
});

/** Somebody at the demo shop, in a browser of her own. */
async function visitor(): Promise<Person> {
  const person = await openPerson(browser, printed.url, { width: 390 });
  await person.page.goto("/demo-shop/");
  return person;
}
async function signIn(shop: Page, phone: string) {
  await shop.getByLabel("手机号").fill(phone);
  await shop.getByRole("button", { name: "获取验证码" }).click();
  const shown = await shop.getByText("演示验证码").textContent();
  await shop.getByLabel("验证码").fill(/\d{6}/.exec(shown ?? "")?.[0] ?? "");
  await shop.locator("form").getByRole("button", { name: "登录", exact: true }).click();
}

describe("the demo shop in another window", () => {
  let shop: Person;
  let live: Page;
  const looked: string[] = [];
  /** What the record says of one thing that she looks at today. */
  const views = async (name: string) => {
    const { body } = await admin.get(`/api/v1/customers/${heId}/timeline`);
    const of = (i: { kind: string; title: string; detail: { product_name?: string } }) =>
      i.kind === "web" && i.title === "Product Viewed" && i.detail.product_name === name;
    return body.items.filter(of).length as number;
  };
  let before: number[];

  test("two things are looked at by somebody unknown: the live view has them, the record not", async () => {
    live = await console_.context.newPage();
    await live.goto("/data/live");
    await live.getByText("实时", { exact: true }).waitFor();
    shop = await visitor();
    const products = shop.page.locator("a", { has: shop.page.locator("img") });
    await products.first().waitFor();
    const all = (await (await fetch(`${printed.url}/demo-shop/api/products`)).json()).items;
    for (const style of ["K1001", all.find((p: { style: string }) => p.style !== "K1001").style])
      looked.push(all.find((p: { style: string }) => p.style === style).name);
    before = await Promise.all(looked.map(views));
    for (const name of [...looked].reverse()) {
      await shop.page.goto("/demo-shop/");
      await shop.page
        .getByRole("link", { name: new RegExp(name) })
        .first()
        .click();
      await shop.page.getByRole("button", { name: "加入购物袋" }).waitFor();
    }
    await live
      .getByRole("row", { name: /浏览商品/ })
      .filter({ hasText: "访客" })
      .nth(1)
      .waitFor();
    expect(await Promise.all(looked.map(views))).toEqual(before);
    expect(await page.getByRole("button", { name: /条新动态/ }).count()).toBe(0);
  });

  test("she signs in by phone and code and buys; record and live view move", async () => {
    await shop.page.getByRole("button", { name: "M", exact: true }).click();
    await shop.page.getByRole("button", { name: "加入购物袋" }).click();
    await shop.page.getByRole("link", { name: /购物袋 1/ }).click();
    await shop.page.getByRole("button", { name: "登录后即可下单" }).click();
    await signIn(shop.page, he.phone);
    await shop.page.getByRole("button", { name: "提交订单" }).click();
    const pressed = Date.now();
    await shop.page.getByRole("heading", { name: "订单已提交" }).waitFor();
    const bought = live.getByRole("row").filter({ hasText: "下单" }).filter({ hasText: "客户" });
    const banner = page.getByRole("button", { name: /条新动态/ });
    await Promise.all([bought.first().waitFor(), banner.waitFor()]);
    console.log(`the other window moved ${Date.now() - pressed} ms after the order`);
    expect(shop.complaints).toEqual([]);
  });

  test("what she looked at before she said who she was is hers now, and the order is", async () => {
    await eventually(async () => {
      const now = await Promise.all(looked.map(views));
      return now.every((n, i) => n > before[i]);
    });
    await page.getByRole("button", { name: /条新动态/ }).click();
    const story = page.getByRole("region", { name: "故事" });
    await story.locator(".zx-story-order").first().waitFor();
    for (const name of looked) await story.locator(".zx-story-web").filter({ hasText: name }).first().waitFor();
    const { body } = await admin.get(`/api/v1/customers/${heId}/orders`);
    expect(body.items[0]).toMatchObject({ channel: "web", total: "599.00" });
    await shop.context.close();
    await live.close();
  });
});

describe("a day file of a store", () => {
  const phone = "15400099001";

  test("somebody known from the web alone has her receipts on the same page", async () => {
    const shop = await visitor();
    await shop.page
      .getByRole("link", { name: /亚麻连衣裙/ })
      .first()
      .click();
    await shop.page.getByRole("button", { name: "M", exact: true }).click();
    await shop.page.getByRole("button", { name: "加入购物袋" }).click();
    await shop.page.getByRole("link", { name: /购物袋 1/ }).click();
    await shop.page.getByRole("button", { name: "登录后即可下单" }).click();
    await signIn(shop.page, phone);
    await shop.page.getByRole("button", { name: "提交订单" }).click();
    await shop.page.getByRole("heading", { name: "订单已提交" }).waitFor();
    await shop.context.close();
    const found = (await admin.post("/api/v1/customers/lookup", { q: phone })).body;
    expect(found.kind).toBe("exact");
    expect(found.items[0].channels).toEqual({ web: true, store: false });

    await page.goto(`/customers/${found.items[0].id}`);
    await page.getByRole("region", { name: "故事" }).locator(".zx-story-order").first().waitFor();
    const day = new Date().toISOString().slice(0, 10);
    const file = join(folder, "day.csv");
    writeFileSync(
      file,
      `小票号,款台,日期,商品编码,品名,数量,实收,会员手机\nD0001,1,${day} 00:10,K1001-02-M,亚麻连衣裙,1,599.00,${phone}\nD0002,1,${day} 00:20,K1001-02-M,亚麻连衣裙,1,599.00,\n`,
    );
    const out = await zhixin(["import", "receipts", file, "--data", data, "--store", "SH01"]);
    expect(out.trim().split("\n").at(-1)).toBe("new=2 updated=0 same=0 refused=0");
    await page.getByRole("button", { name: /条新动态/ }).click();
    const story = page.getByRole("region", { name: "故事" });
    await story.locator(".zx-story-receipt").filter({ hasText: "D0001" }).waitFor();
    expect(await story.locator(".zx-story-order").count()).toBe(1);
  });
});

test("a second make run keeps the data and the password", async () => {
  const orders = (await admin.get(`/api/v1/customers/${heId}/orders`)).body.items;
  await page.goto("about:blank");
  expect(await running.stop("SIGINT")).toBe(0);
  running = await run();
  expect(read(running.out())).toEqual(printed);
  expect(running.out()).not.toMatch(/day \d+ of/);
  await admin.login(printed.email, printed.password);
  expect((await admin.get(`/api/v1/customers/${heId}/orders`)).body.items).toEqual(orders);
});
