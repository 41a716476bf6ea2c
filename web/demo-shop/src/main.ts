// The demo shop: four pages over the History API.

import { cartPage } from "./cart";
import { h } from "./dom";
import { listPage } from "./list";
import { loginPage } from "./login";
import { productPage } from "./product";
import { type Product, Refused, server } from "./server";
import { bagCount, login, setLogin } from "./state";
import { language, money, switchLanguage, t } from "./texts";
import { startTracking, track } from "./track";

export const groups = [
  { path: "women", word: "women", category: "女装" },
  { path: "men", word: "men", category: "男装" },
  { path: "kids", word: "kids", category: "童装" },
  { path: "extras", word: "extras", category: "配饰" },
] as const;

export interface Shop {
  products: Product[];
  go: (path: string) => void;
  redraw: () => void;
}

const base = "/demo-shop";
const root = document.getElementById("shop") as HTMLElement;
const shop: Shop = { products: [], go, redraw: () => draw(false) };

function link(path: string, text: string, current = false): HTMLElement {
  const open = (event: Event) => {
    event.preventDefault();
    go(path);
  };
  return h("a", { href: base + path, onclick: open, "aria-current": current ? "page" : undefined }, text);
}

function header(path: string): HTMLElement {
  const known = login();
  const leave = () => {
    setLogin(null);
    track.signedOut();
    draw(false);
  };
  const speak = () => {
    switchLanguage();
    draw(false);
  };
  return h(
    "header",
    { class: "top" },
    h("p", { class: "strip" }, t("strip")),
    h(
      "div",
      { class: "bar" },
      h("span", { class: "brand" }, link("/", "知禾 ZHIHE")),
      h("nav", { "aria-label": t("all") }, ...groups.map((g) => link(`/${g.path}`, t(g.word), path === `/${g.path}`))),
      h(
        "div",
        { class: "tools" },
        h("button", { class: "plain", type: "button", onclick: speak }, t("language")),
        known
          ? h(
              "button",
              { class: "plain", type: "button", title: t("hello")(known.phone), onclick: leave },
              t("signOut"),
            )
          : link("/login", t("signIn"), path === "/login"),
        h("span", { class: "bag" }, link("/cart", `${t("cart")} ${bagCount()}`, path === "/cart")),
      ),
    ),
  );
}

function page(path: string, first: boolean): HTMLElement {
  if (path === "/cart") return cartPage(shop, first);
  if (path === "/login") return loginPage(shop);
  if (path.startsWith("/p/")) return productPage(shop, decodeURIComponent(path.slice(3)), first);
  return listPage(shop, groups.find((g) => `/${g.path}` === path)?.category ?? "", first);
}

// `first` tells whether the visitor came to this place just now; then it counts as seen.
function draw(first: boolean): void {
  const path = location.pathname.slice(base.length).replace(/\/$/, "") || "/";
  document.documentElement.lang = language;
  if (first) track.page(path);
  root.replaceChildren(
    header(path),
    h("main", {}, page(path, first)),
    h("footer", {}, "知禾服饰（演示） · ZHIHE, a made-up brand"),
  );
}

function go(path: string): void {
  history.pushState(null, "", base + path);
  scrollTo(0, 0);
  draw(true);
}

async function start(): Promise<void> {
  try {
    const [open, goods] = await Promise.all([server.shop(), server.products()]);
    startTracking(open.write_key);
    shop.products = goods.items;
    addEventListener("popstate", () => draw(true));
    draw(true);
  } catch (error) {
    const closed = error instanceof Refused && error.status === 404;
    root.replaceChildren(
      h(
        "main",
        { class: "notice" },
        h("h1", {}, closed ? t("closed") : t("failed")),
        closed && h("p", {}, t("closedText")),
      ),
    );
  }
}

export { link, money };

root.append(h("p", { class: "notice" }, t("loading")));
void start();
