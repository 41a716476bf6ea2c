// What stands on the wire between console and server. The shapes come from the server's own document (schema.d.ts, made by
// `npm run types`); here they get the names that the console uses, and words that the document leaves open are narrowed
// to those that the console knows. Shapes without a schema in the document are written out.
import type { components } from "./schema";

type Schemas = components["schemas"];
/** A schema of the document, all members present, some narrowed. A member that vanished from it fails the build. */
type Of<Name extends keyof Schemas, Narrow = object> = Omit<Required<Schemas[Name]>, keyof Narrow> & Narrow;

export type Role = "administrator" | "manager" | "agent" | "store";
export interface StoreRef {
  code: string;
  name: string;
}
export type Session = Of<"session", { staff: Staff }>;
export type Staff = Omit<Schemas["session"]["staff"], "role" | "store"> & { role: Role; store: StoreRef | null };
export interface Problem {
  error: { code: string; field?: string | null; cause?: string | null; message: string; request_id: string };
}
export interface Total {
  count: number;
  exact: boolean;
}
export interface List<T> {
  items: T[];
  next?: string | null;
  total?: Total;
}
export type CustomerRow = Of<"CustomerRow", { home_store: StoreRef | null }>;
/** What a till sees of a customer of another store: enough to serve her, no more. */
export interface TillCard
  extends Pick<CustomerRow, "id" | "code" | "name" | "salutation" | "card" | "gender" | "home_store" | "known"> {
  till_card: true;
  sizes: Record<string, string>;
}
export type Found = CustomerRow | TillCard;
export type Identifier = Omit<Schemas["Customer"]["identifiers"][number], "status" | "first_at" | "last_at"> & {
  status: "proven" | "claimed" | "flagged" | "removed" | "noted";
  first_at: string;
  last_at: string;
};
export type Note = Customer["notes"][number];
export type Relation = Customer["relations"][number];
export type RelationKind = Relation["kind"];
export type Consent = Customer["consents"][number];
export type Customer = Of<
  "Customer",
  { home_store: StoreRef | null; sizes: Record<string, string>; identifiers: Identifier[] }
>;
export interface Evidence {
  event_kind: string;
  event_ref: string | null;
  at: string;
  rule: string;
  rule_version: number;
  source_id: string | null;
  source?: string;
  proven: boolean;
}
/** Why an identifier is hers, and, when it was taken off, by whom and why. */
export type EvidenceList = List<Evidence> & { removed: { at: string; by: string; reason: string } | null };
export type TimelineItem = Of<"TimelineItem", { amount: string | null; detail: Record<string, unknown> | null }>;
export type Change = Of<"CustomerChange", { old: string | null; new: string | null }>;
export interface Address {
  province: string;
  city: string;
  district: string;
  street: string;
  recipient?: string;
}
export interface CustomerForm {
  name?: string;
  gender?: "f" | "m" | "u";
  birthday?: string;
  phones?: string[];
  emails?: string[];
  cards?: string[];
  addresses?: Address[];
  wechat_unionid?: string;
  weibo_uid?: string;
  home_store?: string;
  own_assistant?: string;
  sizes?: Record<string, string>;
  tastes?: string[];
  tags?: string[];
  note?: string;
  class?: CustomerRow["class"];
  kind?: "person" | "organisation";
  member?: boolean;
}
/** Goods that came back more often than they were sold: the document they were sold on, and what returned them. */
export type OverReturned = OrderRow & {
  lines: { line_no: number; sku: string; name: string; sold: number; returned: number }[];
  returns: Order["returns"];
};
export interface Review {
  id: string;
  at: string;
  rule: string;
  /** Null for a walk-in, whose document it is about. */
  left: CustomerRow | null;
  /** Null when the matter is one record alone, such as an identifier that is not believed. */
  right: CustomerRow | null;
  shared: string[];
  /** What it is about, when it is no person. */
  thing: { order?: OverReturned } | null;
  status: string;
  reason: string;
  ref_kind: string;
  ref_id: string | null;
  rev: number;
}

export type OrderRow = Of<"Order", { store: StoreRef | null; customer_id: string | null }>;
export interface OrderLine {
  line_no: number;
  sku: string;
  style_id: string | null;
  name: string;
  quantity: number;
  list_price: string;
  paid: string;
  discount: string;
  promotion: string;
  coupon: string;
  return_of: { order_id: string | null; number: string; channel: string; line_no: number } | null;
  return_reason: string;
  returned: number;
  over_returned: number;
}
export type Order = OrderRow & {
  lines: OrderLine[];
  order_discount: string;
  tenders: { type: string; amount: string }[];
  staff: { no: string; share: string }[];
  states: { status: string; at: string; refund: string }[];
  returns: {
    id: string;
    kind: string;
    number: string;
    channel: string;
    store: string;
    at: string;
    total: string;
    pieces: number;
    over_returned: number;
  }[];
  margin?: string;
  rev: string;
};

/** Cost and floor price are there with finance.read only. */
export type StyleRow = Of<
  "Style",
  { launch_day: string | null; floor_price_min?: string | null; cost_min?: string | null; cost_max?: string | null }
>;
export type Sku = Of<
  "Sku",
  { list_price: string | null; floor_price?: string | null; cost?: string | null; barcodes: string[] }
>;
export type Style = Omit<StyleRow, "skus"> & { skus: Sku[] };
export type Store = Of<"Store">;

export type Source = Of<"source">;
export type Key = Source["keys"][number];
export interface LiveEvent {
  id: string | null;
  at: string;
  source: string;
  type: string;
  name: string;
  status: "accepted" | "duplicate" | "updated" | "conflict" | "refused";
  reason: string;
  subject: string | null;
  customer_id: string | null;
}
export interface Quarantined {
  id: string;
  at: string;
  source_id: string | null;
  reason: string;
  raw: string;
}
export type Job = Of<"job", { result: Record<string, unknown> | null }>;
export type StaffRow = Of<"staff">;
export type RoleRow = Of<"role">;
export type AuditRow = Of<"audit_row", { detail: Record<string, unknown> | null }>;

export interface Tile {
  key: string;
  value: string | number | null;
  unit: "money" | "percent" | "count" | "ratio";
  before: string | number | null;
  formula: string;
}
export interface Overview {
  period: { from: string; to: string };
  compare_period: { from: string; to: string } | null;
  tiles: Tile[];
  islands: {
    separate: { customers: number; web_customers: number; store_customers: number };
    joined: { people: number; both: number; both_margin_share_percent?: number; both_sales_share_percent: number };
  };
  as_of_seq: string | number;
  lag_ms: number;
}
export type DailyRow = Of<"overview_day", { margin?: string }>;
export type FunnelStep = Of<"overview_step">;
export type StyleFigures = Of<
  "overview_style",
  {
    days_in_sale: number | null;
    days_to_first: number | null;
    days_to_median: number | null;
    lowest_price: string | null;
    floor_price?: string | null;
    below_floor?: number;
    margin?: string;
    return_rate: number | null;
  }
>;
export type Story = Of<"Story">;
