// The commands that change data, on an installation that is being served and on one that is not.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binary, eventually, install, type Installation, listening, postgres, type Program, serve, Session, sharesWarehouse, startProgram, withKey, zhixin } from "../harness";

const folder = mkdtempSync(join(tmpdir(), "zhixin-commands-"));
const passwordFile = join(folder, "password");
const password = "a long enough password";
writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const addUser = (data: string, email: string, role = "agent") =>
  zhixin(["user", "add", "--data", data, "--email", email, "--name", "周宁", "--role", role, "--password-file", passwordFile]);
const createKey = (data: string) => zhixin(["key", "create", "--data", data, "--kind", "api", "--source", "till", "--trusted"]);
const demo = (data: string) =>
  zhixin(["demo", "--data", data, "--customers", "40", "--years", "1", "--seed", "7", "--now", "2025-11-22T15:00:00+08:00", "--events", "400"]);
const lastLine = (out: string) => out.trim().split("\n").at(-1) ?? "";
const hashes = async (data: string) => (await zhixin(["verify", "--data", data])).split("\n").filter((line) => line.startsWith("warehouse "));

describe("while it is being served", () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram();
  });
  afterAll(async () => {
    expect(await program.stop()).toBe(0);
  });

  test("a person is added, and logs in at once", async () => {
    expect(await addUser(program.data, "Zhou@zhixin.example")).toContain("added");
    const session = await new Session(program.url).login("zhou@zhixin.example", password);
    const me = await session.get("/api/v1/session");
    expect(me.body.staff).toMatchObject({ name: "周宁", role: "agent" });
    const { body } = await program.admin.get("/api/v1/audit");
    expect(body.items.map((row: any) => row.action)).toContain("staff.create");
  });

  test("who took data along stands in the audit; who was refused took none", async () => {
    expect((await program.admin.get("/api/v1/exports/customers?format=jsonl")).status).toBe(200);
    expect((await program.admin.get("/api/v1/exports/moons")).status).toBe(404);
    const { items } = (await program.admin.get("/api/v1/audit?action=export.run")).body;
    expect(items).toMatchObject([{ staff: "Administrator", object: "export", detail: { kind: "customers", format: "jsonl" } }]);
  });

  test("JSON lines hold numbers as numbers and yes or no as such; ids and money stay text", async () => {
    const till = await program.key("api", "lines", true);
    await program.admin.post("/api/v1/stores", { stores: [{ code: "JL01", name: "x", city: "上海", region: "华东", kind: "own" }] });
    const receipt = (number: string, member?: object) => ({
      store: "JL01", till: "1", number, time: "2026-03-01T10:00:00+08:00", member, lines: [{ sku: "K1", quantity: 2, paid: "100.00" }], tenders: [{ type: "cash", amount: "100.00" }],
    });
    await withKey(program.url, till, "/api/v1/receipts", { receipts: [receipt("J1", { phone: "13900001009" }), receipt("J2")] });
    const lines = async (kind: string) =>
      (await zhixin(["export", kind, "--data", program.data, "--format", "jsonl"])).trim().split("\n").map((line) => JSON.parse(line));
    const orders = (await lines("orders")).filter((o) => o.store === "JL01");
    expect(orders.map((o) => [o.number, o.units, o.member, o.total])).toEqual([["J1", 2, true, "100.00"], ["J2", 2, false, "100.00"]]);
    expect(typeof orders[0].id).toBe("string");
    expect((await lines("customers")).every((customer) => typeof customer.orders === "number" && typeof customer.spent === "string")).toBe(true);
  });

  test("a refusal names the field and why", async () => {
    await expect(addUser(program.data, "zhou@zhixin.example")).rejects.toThrow("zhixin user: conflict (email: taken)");
    await expect(addUser(program.data, "no-address")).rejects.toThrow("zhixin user: invalid (email: malformed)");
  });

  test("a key is made, and counts at once", async () => {
    const key = (await createKey(program.data)).trim();
    expect(key).toMatch(/^za_/);
    const reply = await fetch(`${program.url}/api/v1/receipts`, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: "{}" });
    expect(reply.status).toBe(422);
  });

  test("the demo comes in as a task, and a second one is refused", async () => {
    const counts = lastLine(await demo(program.data));
    expect(counts).toMatch(/^customers=40 receipts=\d+ orders=\d+ events=\d+ new=\d+ updated=\d+ same=0 conflict=0 refused=0$/);
    const { body } = await program.admin.get("/api/v1/jobs");
    expect(body.items[0]).toMatchObject({ kind: "demo", status: "done" });
    expect(body.items[0].done).toBe(body.items[0].total);
    expect((await program.admin.get("/api/v1/tour")).body.items.length).toBeGreaterThan(3);
    expect((await fetch(`${program.url}/demo-shop/api/shop`)).status).toBe(200);
    await expect(demo(program.data)).rejects.toThrow("zhixin demo: conflict (data: holds_the_demo_already)");
  });

  test("the warehouse is made anew with the same content", async () => {
    const before = await hashes(program.data);
    expect(before.length).toBeGreaterThan(10);
    const out = await zhixin(["rebuild", "--data", program.data]);
    expect(out.split("\n").filter((line) => line.startsWith("warehouse "))).toEqual(before);
  });

  test("only an administrator may start the demo", async () => {
    const session = await new Session(program.url).login("zhou@zhixin.example", password);
    const options = { customers: 1, years: 1, seed: 1, now: "2025-11-22T07:00:00Z" };
    expect((await session.post("/api/v1/demo", options)).status).toBe(403);
  });
});

describe("while it is stopped", () => {
  let place: Installation;
  beforeAll(async () => {
    place = await install();
  });
  afterAll(() => place.remove());

  test("people, keys and the demo go in, and what a killed server left behind does not matter", async () => {
    const child = spawn(binary, ["serve", "--data", place.data, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((started) => child.stdout.once("data", started));
    child.kill("SIGKILL"); // run.json stays; the server itself ends a moment later
    await eventually(async () => (await addUser(place.data, "one@zhixin.example").catch(() => "")).includes("added"));
    await addUser(place.data, "two@zhixin.example", "manager");
    expect(await createKey(place.data)).toMatch(/^za_/);
    expect(lastLine(await demo(place.data))).toContain("conflict=0 refused=0");
    const running = await serve(place.data);
    await new Session(running.url).login("two@zhixin.example", password);
    await running.stop();
  });

  test("without DuckDB's library, verify and rebuild say so at once, and the warehouse stays where it is", async () => {
    expect((await hashes(place.data)).length).toBeGreaterThan(10); // the warehouse is made by now
    const env = { ZHIXIN_DUCKDB: "/nowhere/libduckdb.so" };
    for (const command of ["verify", "rebuild"])
      await expect(zhixin([command, "--data", place.data], { env, timeoutMs: 60_000 })).rejects.toThrow("warehouse: libduckdb_can_not_be_loaded");
    expect(existsSync(join(place.data, "warehouse.duckdb"))).toBe(!sharesWarehouse);
    expect(existsSync(join(place.data, "warehouse.duckdb.bad"))).toBe(false);
    expect((await hashes(place.data)).length).toBeGreaterThan(10);
  });

  test("nothing is made where there is no installation", async () => {
    await expect(createKey(join(folder, "nowhere"))).rejects.toThrow("no_installation_here");
  });
});

describe("where figures come from", () => {
  const ending = (data: string, args: string[], env: Record<string, string> = {}) =>
    zhixin(["serve", "--data", data, "--listen", "127.0.0.1:0", ...args], { env, timeoutMs: 30_000 });

  test("the truth's database is refused where that is a file, with the way out; so is what is no engine", async () => {
    const here = await install(undefined, null);
    await expect(ending(here.data, ["--warehouse", "same"])).rejects.toThrow(/zhixin move, or name it .*needs_the_truth_on_postgresql/s);
    await expect(ending(here.data, [], { ZHIXIN_WAREHOUSE_ENGINE: "same" })).rejects.toThrow("needs_the_truth_on_postgresql");
    await expect(ending(here.data, ["--warehouse", "sqlite"])).rejects.toThrow("neither duckdb nor same");
    await expect(zhixin(["verify", "--data", here.data], { env: { ZHIXIN_WAREHOUSE_ENGINE: "same" } })).rejects.toThrow("needs_the_truth_on_postgresql");
    here.remove();
  });

  test.skipIf(!postgres)("a start may name databases and engine that the file does not", async () => {
    const here = await install();
    const conf = join(here.data, "zhixin.conf");
    const text = readFileSync(conf, "utf8");
    const value = (key: string) => new RegExp(`^${key} = (.*)$`, "m").exec(text)?.[1] as string;
    writeFileSync(conf, text.replaceAll(/^(url|keys|engine) = .*$/gm, ""));
    const given = ["--database", value("url"), "--keys", value("keys"), "--warehouse", "same"];
    const running = await listening(binary, ["serve", "--data", here.data, "--listen", "127.0.0.1:0", ...given]);
    const person = await new Session(running.url).login(here.email, here.password);
    await eventually(async () => (await person.get("/api/v1/overview")).status === 200);
    expect(here.sql("SELECT count(*) FROM warehouse.follower")).toBe("1");
    expect(existsSync(join(here.data, "warehouse.duckdb"))).toBe(false);
    expect(existsSync(join(here.data, "zhixin.db"))).toBe(false);
    expect(await running.stop()).toBe(0);
    here.remove();
  });

  test.skipIf(!postgres)("an installation that moves into files has its figures from a file again", async () => {
    const here = await install();
    const conf = join(here.data, "zhixin.conf");
    writeFileSync(conf, readFileSync(conf, "utf8").replace(/^(; )?engine = .*$/m, "engine = same"));
    const before = await hashes(here.data);
    expect(before.length).toBeGreaterThan(10);
    expect(here.sql("SELECT count(*) FROM warehouse.follower")).toBe("1");
    await zhixin(["move", "--data", here.data, "--to", "files"]);
    expect(readFileSync(conf, "utf8")).toMatch(/^; engine = $/m);
    expect((await hashes(here.data)).length).toBe(before.length);
    expect(existsSync(join(here.data, "warehouse.duckdb"))).toBe(true);
    here.remove();
  });
});
