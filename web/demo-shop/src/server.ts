// What the shop's own server answers (src/app/demo_shop.c).
export interface Sku {
  sku: string;
  color: string;
  size: string;
  image: string;
}
export interface Product {
  style: string;
  name: string;
  category: string;
  price: string;
  image: string;
  skus: Sku[];
}
export interface Login {
  user_id: string;
  user_proof: string;
  phone: string;
}

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly field: string,
  ) {
    super(`${status} ${field}`);
  }
}

async function call<T>(path: string, body?: unknown): Promise<T> {
  const init = body
    ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }
    : undefined;
  const reply = await fetch(`/demo-shop/api/${path}`, init);
  const json = await reply.json();
  if (!reply.ok) throw new Refused(reply.status, json.error?.field ?? "");
  return json as T;
}

export const server = {
  shop: () => call<{ write_key: string }>("shop"),
  products: () => call<{ items: Product[] }>("products"),
  code: (phone: string) => call<{ code: string }>("codes", { phone }),
  login: (phone: string, code: string, anonymous_id: string) => call<Login>("login", { phone, code, anonymous_id }),
  order: (login: Login, anonymous_id: string, lines: { sku: string; quantity: number }[]) =>
    call<{ order_id: string; total: string }>("orders", {
      user_id: login.user_id,
      user_proof: login.user_proof,
      anonymous_id,
      lines,
    }),
};
