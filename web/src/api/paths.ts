// Which address takes and gives what, in the form of openapi-fetch and with the console's names for the shapes. An address
// or a method that the server's document does not have fails the build.
import type { paths as Served } from "./schema";
import type * as T from "./types";

type Reply<R> = { 200: { headers: Record<string, unknown>; content: { "application/json": R } } } & {
  default: { headers: Record<string, unknown>; content: { "application/json": T.Problem } };
};
type Query = Record<string, string | number | undefined>;
type Params<Path> = {
  query?: Query;
  header?: Record<string, string>;
  path: Path;
};
type Free = { query?: Query; header?: Record<string, string>; path?: never };
type Get<R, Path = never> = {
  parameters: [Path] extends [never] ? Free : Params<Path>;
  responses: Reply<R>;
};
type Write<B, R, Path = never> = Get<R, Path> & {
  requestBody: { content: { "application/json": B } };
};
type Id = { id: string };

export interface paths {
  "/api/v1/session": {
    get: Get<T.Session>;
    post: Write<{ email: string; password: string }, T.Session>;
    delete: Get<unknown>;
  };
  "/api/v1/customers": { get: Get<T.List<T.CustomerRow>>; post: Write<T.CustomerForm, T.Customer> };
  "/api/v1/customers/lookup": {
    post: Write<{ q: string }, { kind: "exact" | "list" | "none"; items: T.Found[] }>;
  };
  "/api/v1/customers/search": { post: Write<Record<string, string | number>, T.List<T.CustomerRow>> };
  "/api/v1/customers/duplicates": {
    post: Write<
      { name?: string; phone?: string; email?: string; card?: string },
      T.List<T.CustomerRow & { why?: string }>
    >;
  };
  "/api/v1/customers/{id}": { get: Get<T.Customer, Id>; patch: Write<T.CustomerForm, T.Customer, Id> };
  "/api/v1/customers/{id}/identifiers/{iid}": { get: Get<T.EvidenceList, Id & { iid: string }> };
  "/api/v1/customers/{id}/identifiers/{iid}/remove": { post: Write<{ reason: string }, unknown, Id & { iid: string }> };
  "/api/v1/customers/{id}/timeline": { get: Get<T.List<T.TimelineItem>, Id> };
  "/api/v1/customers/{id}/orders": { get: Get<T.List<T.OrderRow>, Id> };
  "/api/v1/customers/{id}/changes": { get: Get<T.List<T.Change>, Id> };
  "/api/v1/customers/{id}/reveal": {
    post: Write<
      { fields: string[]; purpose: string; reason: string },
      { values: Record<string, string | string[]>; seconds: number },
      Id
    >;
  };
  "/api/v1/customers/{id}/relations": {
    post: Write<{ kind: T.RelationKind; customer_id: string }, T.List<T.Relation>, Id>;
  };
  "/api/v1/customers/{id}/relations/{kind}/{other}": {
    delete: Get<T.List<T.Relation>, Id & { kind: T.RelationKind; other: string }>;
  };
  "/api/v1/customers/{id}/refund-account": {
    put: Write<{ holder: string; bank: string; account: string }, unknown, Id>;
    delete: Get<unknown, Id>;
  };
  "/api/v1/customers/{id}/notes": { post: Write<{ text: string }, T.Note, Id> };
  "/api/v1/customers/{id}/consents": {
    put: Write<{ purpose: string; channel: string; status: string; text_version: string; proof: string }, unknown, Id>;
  };
  "/api/v1/customers/{id}/tags": { put: Write<{ tags: string[] }, unknown, Id> };
  "/api/v1/reviews": { get: Get<T.List<T.Review>> };
  "/api/v1/reviews/{id}": { post: Write<{ decision: string; reason: string }, unknown, Id> };
  "/api/v1/orders": { get: Get<T.List<T.OrderRow>> };
  "/api/v1/orders/{id}": { get: Get<T.Order, Id> };
  "/api/v1/styles": { get: Get<T.List<T.StyleRow>> };
  "/api/v1/styles/{id}": { get: Get<T.Style, Id> };
  "/api/v1/stores": { get: Get<T.List<T.Store>> };
  "/api/v1/sources": {
    get: Get<T.List<T.Source>>;
    post: Write<
      { code: string; name: string; kind: string; channel: string; trusted: boolean; shared_device: boolean },
      T.Source
    >;
  };
  "/api/v1/sources/{id}": { patch: Write<Record<string, unknown>, T.Source, Id> };
  "/api/v1/sources/{id}/keys": { post: Write<{ kind: string; trusted: boolean }, { key: string }, Id> };
  "/api/v1/keys/{id}": { delete: Get<unknown, Id> };
  "/api/v1/events/recent": { get: Get<T.List<T.LiveEvent>> };
  "/api/v1/quarantine": { get: Get<T.List<T.Quarantined>> };
  "/api/v1/staff": {
    get: Get<T.List<T.StaffRow>>;
    post: Write<Record<string, unknown>, T.StaffRow>;
  };
  "/api/v1/staff/{id}": { patch: Write<Record<string, unknown>, T.StaffRow, Id> };
  "/api/v1/roles": { get: Get<T.List<T.RoleRow>> };
  "/api/v1/jobs": { get: Get<T.List<T.Job>> };
  "/api/v1/jobs/{id}": { get: Get<T.Job, Id> };
  "/api/v1/jobs/{id}/cancel": { post: Get<unknown, Id> };
  "/api/v1/audit": { get: Get<T.List<T.AuditRow>> };
  "/api/v1/overview": { get: Get<T.Overview> };
  "/api/v1/overview/daily": { get: Get<T.List<T.DailyRow>> };
  "/api/v1/overview/funnel": { get: Get<T.List<T.FunnelStep>> };
  "/api/v1/overview/styles": { get: Get<T.List<T.StyleFigures>> };
  "/api/v1/overview/detail": { get: Get<T.List<Record<string, unknown>>> };
  "/api/v1/tour": { get: Get<T.List<T.Story>> };
}

type Methods = "get" | "post" | "put" | "patch" | "delete";
/** Every address and method above, as far as the server has it. */
export type Unserved = {
  [P in keyof paths]: P extends keyof Served
    ? { [M in keyof paths[P] & Methods]: Served[P][M] extends undefined ? [P, M] : never }[keyof paths[P] & Methods]
    : P;
}[keyof paths];
/** Does not compile while something is unserved. */
export const nothingUnserved: [Unserved] extends [never] ? true : Unserved = true;
