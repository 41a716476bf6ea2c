// The unmodified @segment/analytics-next. Its settings come from this very host, and they send it back to this host's /v1.
// Once she is signed in, each event carries the proof that the shop's server gave for her user id.
import { AnalyticsBrowser } from "@segment/analytics-next";
import type { Product, Sku } from "./server";
import { bag, login } from "./state";

let analytics: AnalyticsBrowser | undefined;

export function startTracking(writeKey: string): void {
  analytics = AnalyticsBrowser.load({ writeKey, cdnURL: location.origin });
  analytics.addSourceMiddleware(({ payload, next }) => {
    const known = login();
    if (known && payload.obj.userId === known.user_id)
      payload.obj.context = { ...payload.obj.context, user_proof: known.user_proof };
    next(payload);
  });
}

export async function anonymousId(): Promise<string> {
  const user = await analytics?.user();
  return user?.anonymousId() ?? "";
}

const item = (p: Product, s: Sku, quantity = 1) => ({
  product_id: p.style,
  sku: s.sku,
  name: p.name,
  category: p.category,
  price: Number(p.price),
  quantity,
  currency: "CNY",
});

export const track = {
  page: (name: string) => void analytics?.page(name),
  list: (category: string) => void analytics?.track("Product List Viewed", { list_id: category, category }),
  viewed: (p: Product, s: Sku) => void analytics?.track("Product Viewed", item(p, s)),
  added: (p: Product, s: Sku) => void analytics?.track("Product Added", item(p, s)),
  removed: (p: Product, s: Sku, quantity: number) => void analytics?.track("Product Removed", item(p, s, quantity)),
  cart: () =>
    void analytics?.track("Cart Viewed", { products: bag().map((l) => ({ sku: l.sku, quantity: l.quantity })) }),
  checkout: (total: number) => void analytics?.track("Checkout Started", { total, currency: "CNY" }),
  signedIn: (userId: string) => analytics?.identify(userId),
  signedOut: () => void analytics?.reset(),
};
