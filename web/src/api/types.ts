// What stands on the wire between console and server, by hand until `npm run types` makes schema.d.ts from the
// server's own document. Names are the server's; nothing is renamed in the browser.

export interface Staff {
  id: string;
  name: string;
  email: string;
  role: Role;
  permissions: string[];
  store: StoreRef | null;
  stores?: StoreRef[];
  locale: string;
}
export type Role = "administrator" | "manager" | "agent" | "store";
export interface Session {
  staff: Staff;
  csrf: string;
}
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
export interface StoreRef {
  code: string;
  name: string;
}

export interface CustomerRow {
  id: string;
  code: string;
  name: string;
  salutation: string;
  phone: string;
  card: string;
  gender: "f" | "m" | "u";
  home_store: StoreRef | null;
  own_assistant: string;
  tags: string[];
  class: "consumer" | "staff" | "reseller" | "test";
  known: "customer" | "member";
  first_seen: string | null;
  last_seen: string | null;
  orders: number;
  spent: string;
  channels: { web: boolean; store: boolean };
  rev: string;
}
/** What a till sees of a customer of another store: enough to serve her, no more. */
export interface TillCard
  extends Pick<CustomerRow, "id" | "code" | "name" | "salutation" | "card" | "gender" | "home_store" | "known"> {
  till_card: true;
  sizes: Record<string, string>;
}
export type Found = CustomerRow | TillCard;
export interface Identifier {
  id: string;
  kind: string;
  masked: string;
  scope: string;
  status: "proven" | "claimed" | "flagged";
  first_at: string;
  last_at: string;
  source: string;
  links: number;
}
export interface Note {
  id: string;
  text: string;
  by: string;
  at: string;
}
export interface Consent {
  purpose: string;
  channel: string;
  status: "granted" | "refused" | "withdrawn";
  text_version: string;
  at: string;
  proof: string;
}
export interface Now {
  orders_year: number;
  spent_year: string;
  average_order: string;
  last_order_at: string | null;
  days_since: number | null;
  web_share_percent: number | null;
  store_share_percent: number | null;
  return_rate_percent: number | null;
  open_complaints: number;
}
export interface ChannelTotal {
  channel: string;
  orders: number;
  spent: string;
  returns: string | number;
}
export interface Relation {
  kind: string;
  customer_id: string;
  name?: string;
}
export interface Customer extends CustomerRow {
  kind: "person" | "organisation";
  merged_into: string | null;
  members: string[];
  identifiers: Identifier[];
  addresses: string[];
  birthday: string;
  sizes: Record<string, string>;
  tastes: string[];
  notes: Note[];
  consents: Consent[];
  now: Now;
  channels_totals: ChannelTotal[];
  relations: Relation[];
}
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
export interface TimelineItem {
  id: string;
  at: string;
  kind: string;
  channel: string;
  place: string;
  title: string;
  amount: string | null;
  repeat: number;
  detail: Record<string, unknown> | null;
}
export interface Change {
  id: string;
  at: string;
  recorded_at?: string;
  by: string;
  field: string;
  old: string | null;
  new: string | null;
  source: string;
  source_kind?: string;
  ref?: string | null;
}
export interface Address {
  province: string;
  city: string;
  district: string;
  street: string;
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
}
export interface Review {
  id: string;
  at: string;
  rule: string;
  left: CustomerRow;
  /** Null when the matter is one record alone, such as an identifier that is not believed. */
  right: CustomerRow | null;
  shared: string[];
  status: string;
  reason: string;
  ref_kind: string;
  ref_id: string | null;
  rev: number;
}

export interface OrderRow {
  id: string;
  kind: "receipt" | "order" | "return" | "exchange";
  status: string;
  channel: string;
  store: StoreRef | null;
  till: string;
  number: string;
  at: string;
  business_day: string;
  currency: string;
  total: string;
  freight: string;
  refunded: string;
  units: number;
  customer_id: string | null;
  member: boolean;
}
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
}
export interface Order extends OrderRow {
  lines: OrderLine[];
  order_discount: string;
  tenders: { type: string; amount: string }[];
  staff: { no: string; share: string }[];
  states: { status: string; at: string; refund: string }[];
  returns: { id: string; kind: string; number: string; channel: string; at: string; total: string }[];
  margin?: string;
  rev: string;
}

export interface StyleRow {
  id: string;
  code: string;
  name: string;
  category: string;
  brand: string;
  season: string;
  wave: string;
  launch_day: string | null;
  image: string;
  list_price_min: string | null;
  list_price_max: string | null;
  floor_price_min?: string | null;
  cost_min?: string | null;
  cost_max?: string | null;
  skus: number;
}
export interface Sku {
  id: string;
  sku: string;
  color: string;
  size: string;
  barcodes: string[];
  list_price: string | null;
  floor_price?: string | null;
  cost?: string | null;
}
export interface Style extends Omit<StyleRow, "skus"> {
  skus: Sku[];
}
export interface Store {
  id: string;
  code: string;
  name: string;
  region: string;
  city: string;
  kind: string;
  zone_offset_minutes: number;
  day_cut_minutes: number;
}

export interface Key {
  id: string;
  hint: string;
  kind: "write" | "api";
  trusted: boolean;
  created_at: string;
  revoked_at: string | null;
}
export interface Source {
  id: string;
  code: string;
  name: string;
  kind: string;
  channel: string;
  account_scope: string;
  trusted: boolean;
  shared_device: boolean;
  enabled: boolean;
  signs_users: boolean;
  created_at: string;
  keys: Key[];
  rev: string;
}
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
export interface Job {
  id: string;
  kind: string;
  status: "queued" | "running" | "done" | "failed" | "cancelled";
  done: number;
  total: number;
  cancelling: boolean;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  created_by: string | null;
  result: Record<string, unknown> | null;
  error: string | null;
}
export interface StaffRow {
  id: string;
  name: string;
  email: string;
  number: string;
  role: Role | "api";
  stores: string[];
  enabled: boolean;
  locale: string;
  created_at: string;
  rev: string;
}
export interface RoleRow {
  role: Role | "api";
  permissions: string[];
}
export interface AuditRow {
  id: string;
  at: string;
  staff_id: string | null;
  staff: string | null;
  key_id: string | null;
  action: string;
  object: string;
  object_id: string | null;
  request_id: string | null;
  detail: Record<string, unknown> | null;
}

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
export interface DailyRow {
  day: string;
  channel: string;
  sales: string;
  orders: number;
  margin?: string;
}
export interface FunnelStep {
  step: string;
  subjects: number;
  people: number;
}
export interface StyleFigures {
  style: string;
  style_id?: string;
  name: string;
  days_in_sale: number | null;
  days_to_first: number | null;
  days_to_median: number | null;
  sold: number;
  stock?: number | null;
  lowest_price: string | null;
  floor_price?: string | null;
  below_floor?: number | boolean;
  sales: string;
  margin?: string;
  return_rate: number | null;
}
export interface Story {
  key: string;
  title: string;
  customer_id: string | null;
  text_key: string;
}
