// Signing in by phone and a code. The server answers with her user id and its proof; the page then tells the analytics
// library who she is, and what she looked at before becomes hers.
import { h } from "./dom";
import type { Shop } from "./main";
import { Refused, server } from "./server";
import { bagCount, setLogin } from "./state";
import { t } from "./texts";
import { anonymousId, track } from "./track";

export function loginPage(shop: Shop): HTMLElement {
  const phone = h("input", {
    id: "phone",
    name: "phone",
    type: "tel",
    inputmode: "numeric",
    autocomplete: "tel",
    maxlength: "11",
    required: true,
  });
  const code = h("input", {
    id: "code",
    name: "code",
    inputmode: "numeric",
    autocomplete: "one-time-code",
    maxlength: "6",
  });
  const shown = h("p", { class: "code", role: "status" });
  const said = h("p", { class: "said", role: "alert" });
  const ask = async () => {
    said.textContent = "";
    if (!/^1[3-9]\d{9}$/.test(phone.value)) {
      said.textContent = t("wrongPhone");
      phone.focus();
      return;
    }
    try {
      const answer = await server.code(phone.value);
      shown.textContent = t("codeShown")(answer.code);
      code.focus();
    } catch {
      said.textContent = t("failed");
    }
  };
  const enter = async (event: Event) => {
    event.preventDefault();
    try {
      const known = await server.login(phone.value, code.value, await anonymousId());
      setLogin(known);
      await track.signedIn(known.user_id);
      shop.go(bagCount() ? "/cart" : "/");
    } catch (error) {
      said.textContent = error instanceof Refused && error.status < 500 ? t("wrongCode") : t("failed");
    }
  };
  return h(
    "form",
    { class: "login", onsubmit: enter },
    h("h1", {}, t("signIn")),
    h("label", { for: "phone" }, t("phone")),
    h("div", { class: "pair" }, phone, h("button", { type: "button", onclick: () => void ask() }, t("getCode"))),
    h("p", { class: "quiet" }, t("phoneHint")),
    shown,
    h("label", { for: "code" }, t("code")),
    code,
    h("button", { type: "submit", class: "main" }, t("enter")),
    said,
  );
}
