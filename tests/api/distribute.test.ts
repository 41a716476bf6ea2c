// zhixin distribute. Real Citus is not on the machine of the tests: a server of the test's own has an extension that stands in for it
// (tests/api/citus), keeps its catalog and refuses what its documentation says. What this shows is that the command and the tables keep
// to those rules, in order and after any interruption. A run on real Citus is not made here.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binary, eventually, install, type Installation, patience, postgres, root, Session, serve, zhixin } from "../harness";

interface Outcome {
  code: number | null;
  out: string;
}
/** Both streams, whatever became of it. */
const distribute = (data: string, ...more: string[]) =>
  new Promise<Outcome>((ended) => {
    const child = spawn(binary, ["distribute", "--data", data, ...more]);
    let out = "";
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (out += text));
    child.once("close", (code) => ended({ code, out }));
  });

/** The layout as the program's source states it. */
const source = readFileSync(join(root, "src/app/layout.c"), "utf8");
const spread = [
  ...[...source.matchAll(/\{"(\w+)", LAYOUT_SPREAD, "(\w+)"/g)].map((m) => [m[1], m[2]]),
  ...[...source.matchAll(/WITH_CUSTOMER\("(\w+)"/g)].map((m) => [m[1], "customer_id"]),
].map((pair) => pair.join("."));
const everywhere = [...source.matchAll(/\{"(\w+)", LAYOUT_REFERENCE/g)].map((m) => m[1]);
const managed = [...source.matchAll(/\{"(\w+)", LAYOUT_MANAGED/g)].map((m) => m[1]);

test("on files it says that PostgreSQL comes first", async () => {
  const here = await install(undefined, null);
  const before = here.dump();
  const got = await distribute(here.data);
  expect(got.code).toBe(1);
  expect(got.out).toMatch(/zhixin move/);
  expect(here.dump()).toEqual(before);
  here.remove();
});

describe.skipIf(!postgres)("without the extension", () => {
  test("it says what is missing and how to get it, and changes nothing", async () => {
    const here = await install();
    const before = here.dump();
    const got = await distribute(here.data);
    expect(got.code).toBe(1);
    for (const said of [/not installed/, /shared_preload_libraries/, /max_prepared_transactions/, /CREATE EXTENSION citus/, /citus_add_node/, /nothing was changed/]) expect(got.out).toMatch(said);
    const plan = await distribute(here.data, "--dry-run");
    expect(plan.code).toBe(1);
    expect(plan.out).toMatch(/^sale_line +spread by customer_id, with customer +0 +\d+/m);
    expect(plan.out).toMatch(/^sku +a copy everywhere/m);
    expect(plan.out).toMatch(/^change +on the coordinator/m);
    expect(here.dump()).toEqual(before);
    expect((await distribute(here.data, "--shards", "0")).out).toMatch(/out_of_range/);
    here.remove();
  });
});

/** PostgreSQL looks for extensions beside its own program: a copy of that in a folder of ours, everything else linked. */
function serverWithStandIn() {
  const folder = mkdtempSync(join(tmpdir(), "zhixin-citus-"));
  const bin = join(folder, "usr/lib/postgresql/15/bin");
  const share = join(folder, "usr/share/postgresql/15");
  const extensions = join(share, "extension");
  for (const made of [bin, extensions]) mkdirSync(made, { recursive: true });
  chmodSync(folder, 0o755);
  for (const program of ["postgres", "initdb", "pg_ctl"]) copyFileSync(`/usr/lib/postgresql/15/bin/${program}`, join(bin, program));
  symlinkSync("/usr/lib/postgresql/15/lib", join(folder, "usr/lib/postgresql/15/lib"));
  for (const name of readdirSync("/usr/share/postgresql/15")) if (name !== "extension") symlinkSync(join("/usr/share/postgresql/15", name), join(share, name));
  for (const name of readdirSync("/usr/share/postgresql/15/extension")) symlinkSync(join("/usr/share/postgresql/15/extension", name), join(extensions, name));
  for (const name of ["citus.control", "citus--0.sql"]) copyFileSync(join(root, "tests/api/citus", name), join(extensions, name));
  const run = (...args: string[]) =>
    execFileSync(join(root, "tools/postgres.sh"), args, { env: { ...process.env, ZHIXIN_POSTGRES_BIN: bin }, encoding: "utf8" }).trim();
  const url = run("start", join(folder, "server"), "-c", "fsync=off", "-c", "max_connections=100");
  const stop = () => {
    run("stop", join(folder, "server"));
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, stop };
}

describe.skipIf(!postgres)("beside a stand-in that knows Citus's documented rules", () => {
  let server: ReturnType<typeof serverWithStandIn>;
  let here: Installation;
  const placed = () => here.sql("SELECT logicalrelid || '.' || partkey FROM pg_dist_partition WHERE partmethod = 'h' ORDER BY 1").split("\n");
  const calls = () => Number(here.sql("SELECT count(*) FROM standin_call WHERE name <> 'truncate_local_data_after_distributing_table'"));

  beforeAll(async () => {
    server = serverWithStandIn();
    here = await install(undefined, { url: server.url });
    await zhixin(["demo", "--data", here.data, "--customers", "60", "--years", "1", "--seed", "3"]);
  }, 120_000 * patience);
  afterAll(() => {
    here?.remove();
    server?.stop();
  });

  test("each step that is missing is named", async () => {
    expect((await distribute(here.data)).out).toMatch(/not made in this database \(step 3\)/);
    here.sql("CREATE EXTENSION citus");
    expect((await distribute(here.data)).out).toMatch(/does not know its coordinator[\s\S]*step_4_is_missing/);
    here.sql("SELECT citus_set_coordinator_host('one', 5432)");
    expect((await distribute(here.data)).out).toMatch(/no machine for shards[\s\S]*step_5_is_missing/);
    here.sql("SELECT citus_add_node('two', 5432)");
    here.sql("SELECT citus_add_node('three', 5432)");
    expect(calls()).toBe(0);
  });

  test("not while a server is at work, here or elsewhere", async () => {
    const running = await serve(here.data);
    const got = await distribute(here.data);
    expect(got.out).toMatch(/is_being_served/);
    await running.stop();
    const url = /^url = (.*)$/m.exec(readFileSync(join(here.data, "zhixin.conf"), "utf8"))![1];
    const other = spawn("psql", ["-X", "-q", url, "-c", "SELECT pg_advisory_lock(7521, 900)", "-c", "SELECT pg_sleep(600)"], { stdio: "ignore" });
    const held = () => here.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 900");
    await eventually(async () => held() === "1");
    const refused = await distribute(here.data);
    here.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 900");
    await new Promise((ended) => (other.exitCode === null ? other.once("exit", ended) : ended(null)));
    await eventually(async () => held() === "0");
    expect(refused.out).toMatch(/other_servers_are_at_work/);
    expect(refused.code).toBe(1);
    expect(calls()).toBe(0);
  });

  test("a plan names every table, and changes nothing", async () => {
    const got = await distribute(here.data, "--dry-run");
    expect(got.code).toBe(0);
    for (const pair of spread) expect(got.out).toMatch(new RegExp(`^${pair.split(".")[0]} +spread by ${pair.split(".")[1]}.* to do$`, "m"));
    expect(Number(/^customer +spread by id +(\d+)/m.exec(got.out)![1])).toBeGreaterThan(59);
    expect(calls()).toBe(0);
  });

  test("what breaks the rules is refused by name, and goes on once it is mended", async () => {
    here.sql("CREATE UNIQUE INDEX not_spreadable ON sale_share (staff_no, sale_id)");
    const got = await distribute(here.data, "--shards", "48");
    expect(got.code).toBe(1);
    expect(got.out).toMatch(/sale_share: .*cannot create constraint/);
    expect(placed()).toContain("sale_tender.customer_id");
    expect(placed()).not.toContain("sale_share.customer_id");
    here.sql("DROP INDEX not_spreadable");
  });

  test("killed again and again, it goes on where it was", async () => {
    here.sql("INSERT INTO standin_pace VALUES (0.6)");
    let killed = 0;
    for (let code: number | null = null; code !== 0 && killed < 100; ) {
      const child = spawn(binary, ["distribute", "--data", here.data, "--shards", "48"], { stdio: "ignore" });
      const timer = setTimeout(() => child.kill("SIGKILL"), (1200 + 300 * killed) * patience);
      code = await new Promise<number | null>((ended) => child.once("exit", ended));
      clearTimeout(timer);
      if (code !== 0) killed++;
    }
    console.log(`laid out after ${killed} kills`);
    expect(killed).toBeGreaterThan(1);
    here.sql("DELETE FROM standin_pace");
    expect(placed()).toEqual([...spread].sort());
    expect(here.sql("SELECT logicalrelid FROM pg_dist_partition WHERE repmodel = 't' ORDER BY CAST(logicalrelid AS TEXT)").split("\n")).toEqual([...everywhere].sort());
    expect(here.sql("SELECT logicalrelid FROM pg_dist_partition WHERE partmethod = 'n' AND repmodel = 's' ORDER BY CAST(logicalrelid AS TEXT)").split("\n")).toEqual([...managed].sort());
  }, 120_000 * patience);

  test("what is looked up together lies together, in as many shards as were asked for", () => {
    expect(here.sql("SELECT count(DISTINCT colocationid) FROM pg_dist_partition WHERE partkey = 'customer_id' OR logicalrelid IN (CAST('customer' AS regclass), CAST('subject_link' AS regclass))")).toBe("1");
    expect(here.sql("SELECT count(DISTINCT colocationid) FROM pg_dist_partition WHERE partmethod = 'h'")).toBe("4");
    expect(here.sql("SELECT string_agg(DISTINCT CAST(shards AS TEXT), ',') FROM standin_call WHERE shards IS NOT NULL")).toBe("48");
    expect(here.sql("SELECT count(DISTINCT relation) FROM standin_call WHERE name = 'truncate_local_data_after_distributing_table'")).toBe(String(spread.length + everywhere.length));
  });

  test("a second run finds all in place", async () => {
    const before = calls();
    const got = await distribute(here.data);
    expect(got.code).toBe(0);
    expect(got.out).toMatch(/all is in place already/);
    expect(calls()).toBe(before);
    expect((await distribute(here.data, "--dry-run")).out).not.toMatch(/to do/);
  });

  test("followers wait for a commit that is not over everywhere", async () => {
    const held = spawn("psql", ["-X", "-q", "-A", "-t", /^url = (.*)$/m.exec(readFileSync(join(here.data, "zhixin.conf"), "utf8"))![1]]);
    let said = "";
    held.stdout.on("data", (text) => (said += text));
    held.stdin.write("BEGIN; SELECT pg_current_xact_id();\n");
    await eventually(async () => said.trim() !== "");
    const number = said.trim();
    here.sql("SELECT pg_current_xact_id()"); // a later one, which ends
    expect(here.sql("SELECT min(u) FROM change_unfinished() AS u")).toBe(number);
    expect(here.sql("SELECT change_horizon() >> 20")).toBe(number);
    held.stdin.end("COMMIT;\n");
    await new Promise((ended) => held.once("exit", ended));
    expect(Number(here.sql("SELECT change_horizon() >> 20"))).toBeGreaterThan(Number(number));
    expect(here.sql("SELECT count(*) FROM change_unfinished() AS u")).toBe("0");
    // what says so keeps its body when the program starts again, and what it says counts
    const running = await serve(here.data);
    expect(here.sql("SELECT prosrc LIKE '%pg_locks%' FROM pg_proc WHERE proname = 'change_unfinished'")).toBe("t");
    await running.stop();
    expect(here.sql("CREATE OR REPLACE FUNCTION change_unfinished() RETURNS SETOF BIGINT LANGUAGE sql STABLE AS 'SELECT CAST(7 AS BIGINT)'; SELECT change_horizon() >> 20")).toBe("7");
    await distribute(here.data);
    expect(here.sql("SELECT count(*) FROM change_unfinished() AS u")).toBe("0");
  });

  test("a table that lies otherwise is named, and left alone", async () => {
    here.sql("UPDATE pg_dist_partition SET partkey = 'other_id' WHERE logicalrelid = CAST('customer_relation' AS regclass)");
    const got = await distribute(here.data);
    expect(got.code).toBe(1);
    expect(got.out).toMatch(/customer_relation: lies_in_another_way/);
    here.sql("UPDATE pg_dist_partition SET partkey = 'customer_id' WHERE logicalrelid = CAST('customer_relation' AS regclass)");
  });

  test("and the installation is served from there", async () => {
    const running = await serve(here.data);
    const admin = await new Session(running.url).login(here.email, here.password);
    expect((await admin.get("/api/v1/customers?limit=5")).body.items.length).toBe(5);
    expect((await admin.get("/api/v1/orders?limit=5")).body.items.length).toBe(5);
    await running.stop();
  });
});
