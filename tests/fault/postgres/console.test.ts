// What people see at the console while the database is away: what is wrong, in their language, and a way on; and what they did is
// there again when it is back.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { logIn, openBrowser, openPerson } from "../../browser/console";
import { Cluster } from "./cluster";
import { FaultProxy } from "./proxy";
import { healedWithinMs, Shop } from "./shop";

let cluster: Cluster;
let proxy: FaultProxy;
let shop: Shop;
let browser: Browser;
beforeAll(async () => {
  cluster = await Cluster.start();
  proxy = await FaultProxy.start(cluster.port);
  shop = await Shop.open({ url: cluster.url, program: `postgres://zhixin@127.0.0.1:${proxy.port}/postgres` });
  browser = await openBrowser();
});
afterEach(() => proxy.refuse(false));
afterAll(async () => {
  await browser?.close();
  await shop?.end();
  await proxy?.stop();
  await cluster?.stop();
});

const languages = [
  ["zh-CN", "数据库连接不上", "再试一次"],
  ["zh-TW", "資料庫連不上", "再試一次"],
  ["en", "The database can not be reached", "Try again"],
];

const open = async (language: string) => {
  const inside = await openPerson(browser, shop.running.url, { language });
  await logIn(inside.page, shop.installation.email, shop.installation.password);
  await inside.page.goto("/customers");
  await inside.page.getByRole("heading", { level: 1 }).waitFor();
  const outside = await openPerson(browser, shop.running.url, { language });
  await outside.page.goto("/login");
  await outside.page.locator("input[type=email]").fill(shop.installation.email);
  await outside.page.locator("input[type=password]").fill(shop.installation.password);
  return { inside, outside };
};

test("who logs in, and who opens a page, reads what is wrong, and goes on with a click", async () => {
  const people = await Promise.all(languages.map(async ([language, words, again]) => ({ ...(await open(language)), words, again })));
  proxy.refuse(true);
  await Promise.all(
    people.map(async ({ inside, outside, words }) => {
      await outside.page.locator("button[type=submit]").click();
      await outside.page.getByRole("alert").filter({ hasText: words }).waitFor();
      await inside.page.goto("/customers");
      await inside.page.getByRole("alert").filter({ hasText: words }).first().waitFor();
    }),
  );
  proxy.refuse(false);
  await shop.writes(healedWithinMs());
  await Promise.all(
    people.map(async ({ inside, outside, words, again }) => {
      await inside.page.getByRole("button", { name: again }).first().click();
      await inside.page.getByRole("heading", { level: 1 }).waitFor();
      expect(await inside.page.getByRole("alert").filter({ hasText: words }).count()).toBe(0);
      await outside.page.locator("button[type=submit]").click();
      await outside.page.waitForURL((at) => at.pathname !== "/login");
      for (const { complaints } of [inside, outside]) expect(complaints.filter((text) => !text.includes("database_away") && !text.includes(words))).toEqual([]);
    }),
  );
});
