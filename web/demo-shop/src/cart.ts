// The bag, and the order. The price that counts is the server's.
import { h } from "./dom";
import { link, type Shop } from "./main";
import type { Product, Sku } from "./server";
import { server } from "./server";
import { type BagLine, bag, changeBag, clearBag, login } from "./state";
import { money, t } from "./texts";
import { anonymousId, track } from "./track";

interface Line extends BagLine {
  product: Product;
  piece: Sku;
}

function linesOf(shop: Shop): Line[] {
  return bag().flatMap((line) => {
    const product = shop.products.find((p) => p.style === line.style);
    const piece = product?.skus.find((s) => s.sku === line.sku);
    return product && piece ? [{ ...line, product, piece }] : [];
  });
}

function row(shop: Shop, l: Line): HTMLElement {
  const change = (by: number) => () => {
    changeBag(l.style, l.sku, by);
    if (by < 0) track.removed(l.product, l.piece, -by);
    else track.added(l.product, l.piece);
    shop.redraw();
  };
  return h(
    "li",
    { class: "line" },
    h("img", { src: `/garments/${l.piece.image}.svg`, alt: "", width: "96", height: "120" }),
    h(
      "div",
      {},
      h("strong", {}, l.product.name),
      h("p", { class: "quiet" }, `${l.piece.color.slice(3)} · ${l.piece.size}`),
    ),
    h(
      "div",
      { class: "count" },
      h("button", { type: "button", "aria-label": t("minus"), onclick: change(-1) }, "−"),
      h("span", {}, String(l.quantity)),
      h("button", { type: "button", "aria-label": t("plus"), onclick: change(1) }, "+"),
    ),
    h("span", { class: "price" }, money(Number(l.product.price) * l.quantity)),
  );
}

function done(place: HTMLElement, orderId: string): void {
  place.replaceChildren(
    h("h1", { tabindex: "-1" }, t("thanks")),
    h("p", {}, t("thanksText")(orderId)),
    h("p", { class: "cta" }, link("/", t("goOn"))),
  );
  place.className = "notice";
}

async function pay(shop: Shop, place: HTMLElement, button: HTMLButtonElement, said: HTMLElement): Promise<void> {
  const known = login();
  if (!known) return shop.go("/login");
  button.disabled = true;
  button.textContent = t("paying");
  try {
    const order = await server.order(
      known,
      await anonymousId(),
      bag().map((l) => ({ sku: l.sku, quantity: l.quantity })),
    );
    clearBag();
    done(place, order.order_id);
  } catch {
    said.textContent = t("failed");
    button.disabled = false;
    button.textContent = t("pay");
  }
}

function sums(shop: Shop, lines: Line[], place: HTMLElement): HTMLElement {
  const goods = lines.reduce((sum, l) => sum + Number(l.product.price) * l.quantity, 0);
  const shipping = goods < 299 ? 12 : 0;
  const said = h("p", { class: "said", role: "status" });
  const button = h("button", { type: "button", class: "main" }, login() ? t("pay") : t("needSignIn"));
  button.addEventListener("click", () => {
    track.checkout(goods + shipping);
    void pay(shop, place, button, said);
  });
  const pair = (word: string, value: string, cls = "") =>
    h("div", { class: cls }, h("dt", {}, word), h("dd", {}, value));
  return h(
    "aside",
    { class: "sums" },
    h(
      "dl",
      {},
      pair(t("subtotal"), money(goods)),
      pair(t("shipping"), shipping ? money(shipping) : t("free")),
      pair(t("total"), money(goods + shipping), "total"),
    ),
    button,
    said,
  );
}

export function cartPage(shop: Shop, first: boolean): HTMLElement {
  const lines = linesOf(shop);
  if (first) track.cart();
  if (lines.length === 0)
    return h("div", { class: "notice" }, h("h1", {}, t("empty")), h("p", { class: "cta" }, link("/", t("emptyLink"))));
  const place = h("div", { class: "cart" });
  place.append(
    h("h1", {}, t("cart")),
    h("ul", { class: "lines" }, ...lines.map((l) => row(shop, l))),
    sums(shop, lines, place),
  );
  return place;
}
