// One style: picture, colours, sizes, and into the bag.
import { h } from "./dom";
import type { Shop } from "./main";
import type { Product, Sku } from "./server";
import { changeBag } from "./state";
import { money, t } from "./texts";
import { track } from "./track";

// What was chosen on the page that is open, so that drawing it again keeps it.
let chosen = { style: "", colour: "", sku: null as Sku | null, said: "" };

function choice(text: string, pressed: boolean, onclick: () => void, extra = ""): HTMLElement {
  return h("button", { type: "button", class: `choice ${extra}`, "aria-pressed": String(pressed), onclick }, text);
}

function body(shop: Shop, p: Product, place: HTMLElement): void {
  const { colour, sku, said } = chosen;
  const again = (c: string, s: Sku | null, words = "") => {
    chosen = { style: p.style, colour: c, sku: s, said: words };
    body(shop, p, place);
  };
  const colours = [...new Set(p.skus.map((s) => s.color))];
  const sizes = p.skus.filter((s) => s.color === colour);
  const one = sizes.length === 1 ? (sizes[0] as Sku) : sku;
  const add = () => {
    if (!one) return again(colour, null, t("chooseSize"));
    changeBag(p.style, one.sku, 1);
    track.added(p, one);
    chosen.said = t("added");
    shop.redraw();
    chosen.said = "";
  };
  place.replaceChildren(
    h("img", {
      class: "big",
      src: `/garments/${(one ?? sizes[0] ?? p).image}.svg`,
      alt: `${p.name} ${colour.slice(3)}`,
      width: "240",
      height: "300",
    }),
    h(
      "div",
      { class: "facts" },
      h("p", { class: "path" }, p.category.replace("/", " · ")),
      h("h1", {}, p.name),
      h("p", { class: "price" }, money(Number(p.price))),
      h("h2", {}, `${t("colour")} · ${colour.slice(3)}`),
      h(
        "div",
        { class: "choices" },
        ...colours.map((c) => choice(c.slice(3), c === colour, () => again(c, null), `swatch s${c.slice(0, 2)}`)),
      ),
      sizes.length > 1 && h("h2", {}, t("size")),
      sizes.length > 1 &&
        h("div", { class: "choices" }, ...sizes.map((s) => choice(s.size, s === sku, () => again(colour, s)))),
      h("button", { type: "button", class: "main", onclick: add }, t("add")),
      h("p", { class: "said", role: "status" }, said),
      h("p", { class: "quiet" }, t("details")),
      h("p", { class: "quiet" }, p.style),
    ),
  );
}

export function productPage(shop: Shop, style: string, first: boolean): HTMLElement {
  const p = shop.products.find((one) => one.style === style);
  const sku = p?.skus[0];
  if (!p || !sku) return h("p", { class: "notice" }, t("notFound"));
  if (first) track.viewed(p, sku);
  const place = h("article", { class: "product" });
  if (chosen.style !== style) chosen = { style, colour: sku.color, sku: null, said: "" };
  body(shop, p, place);
  return place;
}
