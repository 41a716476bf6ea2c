// The shop window: a word of welcome and the goods of a group.
import { h } from "./dom";
import { link, type Shop } from "./main";
import type { Product } from "./server";
import { money, t } from "./texts";
import { track } from "./track";

function card(shop: Shop, p: Product): HTMLElement {
  const open = (event: Event) => {
    event.preventDefault();
    shop.go(`/p/${p.style}`);
  };
  const colours = [...new Set(p.skus.map((s) => s.image))];
  return h(
    "a",
    { class: "card", href: `/demo-shop/p/${p.style}`, onclick: open },
    h("img", { src: `/garments/${p.image}.svg`, alt: "", width: "240", height: "300", loading: "lazy" }),
    h("span", { class: "name" }, p.name),
    h("span", { class: "price" }, money(Number(p.price))),
    h("span", { class: "dots" }, ...colours.map((image) => h("i", { class: `dot c${image.slice(-2)}` }))),
  );
}

function hero(): HTMLElement {
  return h(
    "section",
    { class: "hero" },
    h(
      "div",
      {},
      h("h1", {}, t("heroTitle")),
      h("p", {}, t("heroText")),
      h("p", { class: "cta" }, link("/women", t("heroLink"))),
    ),
    h(
      "div",
      { class: "hero-pictures", "aria-hidden": "true" },
      ...["dress-02", "coat-10", "knit-06"].map((image) =>
        h("img", { src: `/garments/${image}.svg`, alt: "", width: "240", height: "300" }),
      ),
    ),
  );
}

export function listPage(shop: Shop, category: string, first: boolean): HTMLElement {
  const shown = shop.products.filter((p) => p.category.startsWith(category));
  if (first && category) track.list(category);
  return h(
    "div",
    {},
    !category && hero(),
    h("section", { class: "grid", "aria-label": category || t("all") }, ...shown.map((p) => card(shop, p))),
  );
}
