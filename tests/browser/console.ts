// Chromium for the console's tests: one browser, a fresh context for each person, and whatever the page complains about.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterEach, expect } from "vitest";
import { patience, root } from "../harness";

const axeSource = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
/** How long a page may take for one step; only a test that fails waits so long. */
export const stepMs = 120_000 * patience;

export interface Person {
  context: BrowserContext;
  page: Page;
  /** What the browser complained about: errors of scripts and of the security policy; refusals and "busy, later" are answers. */
  complaints: string[];
}
export interface View {
  language?: string;
  theme?: "light" | "dark";
  width?: number;
  height?: number;
}

/** What the browser showed when a test failed: a picture and the page's markup, in build/failed. */
const opened = new Set<Page>();
afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  const folder = join(root, "build/failed");
  mkdirSync(folder, { recursive: true });
  for (const [i, page] of [...opened].entries()) {
    const name = join(folder, `${task.name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60)}-${i}`);
    await page.screenshot({ path: `${name}.png`, timeout: stepMs }).catch(() => undefined);
    await page.content().then((html) => writeFileSync(`${name}.html`, html)).catch(() => undefined);
  }
});

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

export async function openPerson(browser: Browser, url: string, view: View = {}): Promise<Person> {
  const width = view.width ?? 1440;
  const context = await browser.newContext({
    baseURL: url,
    locale: view.language ?? "zh-CN",
    timezoneId: "Asia/Shanghai",
    colorScheme: view.theme ?? "light",
    // Nothing moves, so nothing is clicked on its way.
    reducedMotion: "reduce",
    viewport: { width, height: view.height ?? (width < 500 ? 844 : 900) },
    hasTouch: width < 500,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(stepMs);
  const page = await context.newPage();
  opened.add(page);
  page.on("close", () => opened.delete(page));
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of (4\d\d|503)/.test(message.text())) complaints.push(message.text());
  });
  page.on("response", async (reply) => {
    if (reply.status() !== 503) return;
    const code = await reply.json().then((body) => body?.error?.code, () => "");
    if (code !== "busy") complaints.push(`503 ${code} of ${reply.url()}`);
  });
  return { context, page, complaints };
}

/** Logs in through the page, as people do. */
export async function logIn(page: Page, email: string, password: string, path = "/login"): Promise<void> {
  await page.goto(path);
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((at) => at.pathname !== "/login");
}

/** To another page as a link of the program's own leads there, without loading it anew; until the router shows it. */
export async function goWithin(page: Page, path: string): Promise<void> {
  interface Router {
    navigate(to: { href: string }): Promise<void>;
    state: { status: string; location: { pathname: string }; resolvedLocation?: { pathname: string } };
  }
  const shown = await page.evaluate(async (href) => {
    const router = (window as unknown as { __TSR_ROUTER__: Router }).__TSR_ROUTER__;
    await router.navigate({ href });
    while (router.state.status !== "idle" || router.state.resolvedLocation?.pathname !== router.state.location.pathname)
      await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return router.state.location.pathname;
  }, path);
  expect(shown).toBe(path.split("?")[0]);
}

/** Waits until nothing is loading any more, and nothing moves. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main").waitFor();
  await page.waitForFunction(() => {
    const loading = document.querySelector("main :is(.ant-skeleton, .ant-spin-spinning, [aria-busy=true])");
    const moves = (a: Animation) => a.playState === "running" && a.effect?.getComputedTiming().iterations !== Infinity;
    return !loading && !document.getAnimations().some(moves);
  });
}

/** Fails with the rules, places and reasons that axe finds against WCAG 2.2 AA. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(scope: unknown, options: unknown): Promise<AxeResults> } }).axe;
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await axe.run(document, { runOnly: tags, rules: { "target-size": { enabled: true } } });
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} ${n.html.slice(0, 120)}`));
  });
  expect(found, where).toEqual([]);
}

interface AxeResults {
  violations: { id: string; nodes: { target: string[]; html: string }[] }[];
}
