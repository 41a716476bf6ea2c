// Who may come in, and what each may do: logging in and out, forged requests, staff, rights by role, keys.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { followed, type Program, Session, startProgram, withKey } from "../harness";

let program: Program;
beforeAll(async () => {
  program = await startProgram();
  await program.admin.post("/api/v1/stores", {
    stores: [{ code: "SH01", name: "静安店", city: "上海", region: "华东", kind: "own" }],
  });
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

const password = "a long password";
let people = 0;
async function person(role: string, stores: string[] = []) {
  const email = `p${++people}@zhixin.example`;
  const made = await program.admin.post("/api/v1/staff", { name: `Person ${people}`, email, role, stores, password });
  expect(made.status).toBe(201);
  return {
    id: made.body.id,
    email,
    rev: made.body.rev,
    session: await new Session(program.url).login(email, password),
  };
}

describe("logging in", () => {
  test("sets a strict cookie, and tells who one is", async () => {
    const reply = await fetch(`${program.url}/api/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: program.email.toUpperCase(), password: program.password }),
    });
    const cookie = reply.headers.getSetCookie()[0];
    expect(cookie).toMatch(/^zhixin_session=[\w-]{43}; /);
    for (const attribute of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=36000"])
      expect(cookie).toContain(attribute);
    const body = (await reply.json()) as any;
    expect(body.staff).toMatchObject({ role: "administrator", email: program.email, store: null });
    expect(body.staff.permissions).toContain("staff.write");
  });

  test("answers the same for a wrong password and for nobody, and shuts after ten tries", async () => {
    const { email } = await person("agent");
    const stranger = new Session(program.url);
    const wrong = await stranger.post("/api/v1/session", { email, password: "not this one" });
    const nobody = await stranger.post("/api/v1/session", { email: "nobody@zhixin.example", password: "not this one" });
    expect(wrong.status).toBe(401);
    expect({ ...wrong.body.error, request_id: 0 }).toEqual({ ...nobody.body.error, request_id: 0 });
    for (let i = 0; i < 9; i++) await stranger.post("/api/v1/session", { email, password: "not this one" });
    const shut = await stranger.post("/api/v1/session", { email, password });
    expect(shut.status).toBe(429);
    expect(Number(shut.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("gives another session each time and ends the one that was", async () => {
    const session = await new Session(program.url).login(program.email, program.password);
    const before = session.cookie;
    await session.login(program.email, program.password);
    expect(session.cookie).not.toBe(before);
    const old = new Session(program.url);
    old.cookie = before;
    expect((await old.get("/api/v1/session")).status).toBe(401);
    expect((await session.delete("/api/v1/session")).status).toBe(204);
    expect((await session.get("/api/v1/staff")).status).toBe(401);
  });
});

test("a login on top of a session needs no token, but comes from our own pages", async () => {
  const again = (headers: Record<string, string>) =>
    fetch(`${program.url}/api/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: program.admin.cookie, ...headers },
      body: JSON.stringify({ email: "nobody@zhixin.example", password: "not this one" }),
    });
  expect((await again({})).status).toBe(401);
  expect((await again({ origin: "https://evil.example" })).status).toBe(403);
});

describe("forged requests", () => {
  const patch = (headers: Record<string, string>) =>
    fetch(`${program.url}/api/v1/jobs/1/cancel`, {
      method: "POST",
      headers: { cookie: program.admin.cookie, ...headers },
    });
  test.each([
    ["no token", () => ({})],
    ["a wrong token", () => ({ "x-csrf-token": "x".repeat(32) })],
    ["another origin", () => ({ "x-csrf-token": program.admin.csrf, origin: "https://evil.example" })],
    ["an origin that hides itself", () => ({ "x-csrf-token": program.admin.csrf, origin: "null" })],
    ["a cross-site fetch", () => ({ "x-csrf-token": program.admin.csrf, "sec-fetch-site": "cross-site" })],
  ])("with %s are refused", async (_, headers) => {
    const reply = await patch(headers() as Record<string, string>);
    expect(reply.status).toBe(403);
  });
  test("and the same with everything right is not", async () => {
    expect(
      (await patch({ "x-csrf-token": program.admin.csrf, origin: program.url, "sec-fetch-site": "same-origin" }))
        .status,
    ).toBe(404);
  });
});

describe("staff", () => {
  test("are changed by whoever saw the newest version", async () => {
    const { id } = await person("agent");
    const path = `/api/v1/staff/${id}`;
    expect((await program.admin.patch(path, { name: "New" })).status).toBe(428);
    const changed = await program.admin.patch(path, { name: "New" }, { "if-match": '"1"' });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).toBe('"2"');
    expect((await program.admin.patch(path, { name: "Late" }, { "if-match": '"1"' })).status).toBe(412);
    expect((await program.admin.get(path)).body).toMatchObject({ name: "New", rev: "2" });
  });

  test("with another role have to log in again", async () => {
    const { id, session } = await person("manager");
    expect((await session.get("/api/v1/staff")).status).toBe(200);
    await program.admin.patch(`/api/v1/staff/${id}`, { role: "agent" }, { "if-match": '"1"' });
    expect((await session.get("/api/v1/session")).status).toBe(401);
  });

  test("never lose their last administrator", async () => {
    const me = (await program.admin.get("/api/v1/session")).body.staff.id;
    const rev = (await program.admin.get(`/api/v1/staff/${me}`)).body.rev;
    const reply = await program.admin.patch(`/api/v1/staff/${me}`, { enabled: false }, { "if-match": `"${rev}"` });
    expect(reply.status).toBe(409);
    expect(reply.body.error.cause).toBe("last_administrator");
  });

  test("forms say which field is wrong", async () => {
    const form = { name: "X", email: "x@zhixin.example", role: "store", stores: ["SH01"], password };
    const wrong = async (change: object) =>
      (await program.admin.post("/api/v1/staff", { ...form, ...change })).body.error;
    expect(await wrong({ email: "nobody" })).toMatchObject({ code: "invalid", field: "email", cause: "malformed" });
    expect(await wrong({ password: "short" })).toMatchObject({ field: "password", cause: "too_short" });
    expect(await wrong({ stores: ["nowhere"] })).toMatchObject({ field: "stores", cause: "unknown_store" });
    expect(await wrong({ role: "king" })).toMatchObject({ field: "role" });
    expect(await wrong({ crown: true })).toMatchObject({ field: "crown", cause: "unknown" });
    expect(await wrong({ email: program.email })).toMatchObject({ code: "conflict", field: "email", cause: "taken" });
  });

  test("of a store see which it is", async () => {
    const { session } = await person("store", ["SH01"]);
    expect((await session.get("/api/v1/session")).body.staff).toMatchObject({
      role: "store",
      store: { code: "SH01", name: "静安店" },
    });
  });

  test("change their own password, which ends their other sessions", async () => {
    const { email, session } = await person("agent");
    const other = await new Session(program.url).login(email, password);
    const refused = await session.post("/api/v1/session/password", { current: "wrong", password: "another password" });
    expect(refused.body.error).toMatchObject({ field: "current", cause: "wrong" });
    const changed = await session.post("/api/v1/session/password", { current: password, password: "another password" });
    expect(changed.status).toBe(200);
    session.csrf = changed.body.csrf;
    expect((await session.get("/api/v1/session")).status).toBe(200);
    expect((await other.get("/api/v1/session")).status).toBe(401);
    await new Session(program.url).login(email, "another password");
  });
});

describe("rights", () => {
  // Every route of the document, as each role: let in exactly where the role has the route's permission.
  test("hold in every cell of routes × roles", async () => {
    await followed(program.admin); // until then the overview is busy with making its warehouse
    const openapi = (await program.admin.get("/api/v1/openapi.json")).body;
    const roles: { role: string; permissions: string[] }[] = (await program.admin.get("/api/v1/roles")).body.items;
    const sessions = new Map<string, Session>([["nobody", new Session(program.url)]]);
    for (const { role } of roles) sessions.set(role, (await person(role, role === "store" ? ["SH01"] : [])).session);
    const deviations: string[] = [];
    let cells = 0;
    for (const [path, methods] of Object.entries<any>(openapi.paths))
      for (const [method, operation] of Object.entries<any>(methods)) {
        const need = operation["x-permission"];
        if (need === "public" || path.startsWith("/api/v1/session") || path === "/api/v1/stream") continue;
        const long = path === "/api/v1/verify" || path === "/api/v1/rebuild"; // whoever may is believed
        for (const [role, session] of sessions) {
          const has =
            need === "session"
              ? role !== "nobody"
              : (roles.find((r) => r.role === role)?.permissions.includes(need) ?? false);
          if (long && has) continue;
          const url = path.replace(/\{[^}]+\}/g, "1");
          const { status, body } = await session.call(
            method.toUpperCase(),
            url,
            method === "get" ? undefined : { "no such field": 1 },
          );
          const refused = role === "nobody" ? status === 401 : status === 403 && body?.error?.cause === need;
          if (refused === has || status >= 500) deviations.push(`${role} ${method} ${path} (${need}): ${status}`);
          cells++;
        }
      }
    expect(deviations).toEqual([]);
    expect(cells).toBeGreaterThan(100);
  });
});

describe("keys", () => {
  test("are shown once, work, and stop working when revoked", async () => {
    const source = await program.admin.post("/api/v1/sources", { code: "shop-9", name: "Shop", kind: "web" });
    expect(source.status).toBe(201);
    const { key } = (await program.admin.post(`/api/v1/sources/${source.body.id}/keys`, { kind: "write" })).body;
    const event = { type: "track", event: "Seen", anonymousId: "a", messageId: "k-1" };
    expect((await withKey(program.url, key, "/v1/track", event)).status).toBe(200);
    const list = (await program.admin.get("/api/v1/sources")).body.items.find((s: any) => s.code === "shop-9");
    expect(list.keys).toHaveLength(1);
    expect(JSON.stringify(list)).not.toContain(key);
    expect(key.startsWith(list.keys[0].hint)).toBe(true);
    expect((await program.admin.delete(`/api/v1/keys/${list.keys[0].id}`)).status).toBe(204);
    expect((await withKey(program.url, key, "/v1/track", event)).status).toBe(401);
    expect((await program.admin.delete(`/api/v1/keys/${list.keys[0].id}`)).status).toBe(404);
  });

  test("of the API open only what is made for keys, and write keys nothing there", async () => {
    const api = await program.key("api", "till-9", true);
    const write = await program.key("write", "shop-9b");
    const get = (key: string, path: string) =>
      fetch(program.url + path, { headers: { authorization: `Bearer ${key}` } });
    expect((await get(api, "/api/v1/staff")).status).toBe(403);
    expect((await get(api, "/api/v1/session")).status).toBe(403);
    expect((await get(write, "/api/v1/stores")).status).toBe(401);
    expect((await get("za_nobody", "/api/v1/stores")).status).toBe(401);
  });
});

test("what was done stands in the audit", async () => {
  const rows: any[] = [];
  let next = "";
  do {
    const page = (await program.admin.get(`/api/v1/audit?limit=20${next ? `&after=${next}` : ""}`)).body;
    rows.push(...page.items);
    next = page.next ?? "";
  } while (next);
  const actions = new Set(rows.map((r) => r.action));
  for (const action of [
    "session.open",
    "session.refused",
    "staff.create",
    "staff.update",
    "staff.password",
    "source.create",
    "key.create",
    "key.revoke",
  ])
    expect(actions).toContain(action);
  expect(new Set(rows.map((r) => r.id)).size).toBe(rows.length);
  const made = rows.filter((r) => r.action === "staff.create");
  expect(made.every((r) => r.object === "staff" && r.object_name !== "")).toBe(true);
  expect((await program.admin.get("/api/v1/audit?after=AAAA")).body.error).toMatchObject({
    code: "invalid",
    field: "after",
  });
});
