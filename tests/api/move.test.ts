// zhixin move: from files to PostgreSQL and back. Killed at any moment it goes on where it was, and nothing is lost.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binary, eventually, install, type Installation, makeDatabases, postgres, Session, serve, zhixin } from "../harness";

const lines = (report: string) => report.split("\n").filter((line) => line.startsWith("truth") || line.startsWith("keys") || line.startsWith("eventlog") || line.startsWith("warehouse"));

describe.skipIf(!postgres)("an installation moves", () => {
  let installation: Installation;
  let databases: NonNullable<ReturnType<typeof makeDatabases>>;
  let before: string[];

  const there = () => ["move", "--data", installation.data, "--to", databases.url, "--keys", databases.keys];
  const back = () => ["move", "--data", installation.data, "--to", "files"];
  const verify = async () => lines(await zhixin(["verify", "--data", installation.data]));
  /** The next moment to kill at: close to the last, until a slow machine would never come to the end. */
  const later = (ms: number, step: number, killed: number) => (killed < 60 ? ms + step : ms * 1.2);
  const conf = () => readFileSync(join(installation.data, "zhixin.conf"), "utf8");
  const killedAfter = (args: string[], ms: number) =>
    new Promise<number | null>((ended) => {
      const child: ChildProcess = spawn(binary, args, { stdio: "ignore" });
      const timer = setTimeout(() => child.kill("SIGKILL"), ms);
      child.once("exit", (code) => {
        clearTimeout(timer);
        ended(code);
      });
    });

  beforeAll(async () => {
    installation = await install(undefined, null);
    databases = makeDatabases()!;
    writeFileSync(join(installation.data, "zhixin.conf"), conf().replace(/^; segment_events = .*$/m, "segment_events = 2000"));
    await zhixin(["demo", "--data", installation.data, "--customers", "150", "--years", "1", "--seed", "7"]);
    // What is full gets sealed and then swept by whoever has it open for long enough: until then the truth grows smaller by itself.
    const running = await serve(installation.data);
    const inTail = "SELECT count(DISTINCT unit), count(*) FILTER (WHERE unit IN (SELECT unit FROM event_segment)) FROM event_block";
    await eventually(async () => /^[01]\|0$/.test(installation.sql(inTail)));
    expect(await running.stop()).toBe(0);
    before = await verify();
  });
  afterAll(() => {
    databases?.remove();
    installation?.remove();
  });

  test("refuses what is no place to go to", async () => {
    await expect(zhixin(["move", "--data", installation.data, "--to", "elsewhere"])).rejects.toThrow(/two_postgres_urls/);
    await expect(zhixin(["move", "--data", installation.data, "--to", databases.url, "--keys", databases.url])).rejects.toThrow(/two_postgres_urls/);
    expect(await zhixin(back())).toContain("there already");
    const other = await install(); // somebody else lives there
    const taken = /^url = (.*)$/m.exec(readFileSync(join(other.data, "zhixin.conf"), "utf8"))![1];
    await expect(zhixin(["move", "--data", installation.data, "--to", taken, "--keys", databases.keys])).rejects.toThrow(/holds_an_installation_already/);
    other.remove();
    expect(await verify()).toEqual(before);
  });

  test("refuses while it is being served", async () => {
    const running = await serve(installation.data);
    await expect(zhixin(there())).rejects.toThrow(/is_being_served/);
    await running.stop();
    before = await verify();
  });

  test("there, killed again and again on the way", async () => {
    let killed = 0;
    let code: number | null = null;
    for (let ms = 60; code !== 0 && killed < 100; ms = later(ms, 25, killed)) {
      code = await killedAfter(there(), ms);
      if (code !== 0) killed++;
      // The files go last of all, when the truth is there already and said to be.
      if (code !== 0 && !/^url = postgres:/m.test(conf())) expect(existsSync(join(installation.data, "zhixin.db"))).toBe(true);
    }
    console.log(`moved there after ${killed} kills`);
    expect(code).toBe(0);
    expect(killed).toBeGreaterThan(5);
    expect(existsSync(join(installation.data, "zhixin.db"))).toBe(false);
    expect(await verify()).toEqual(before);
  });

  test("is served from there, and another server beside it reads all of it", async () => {
    const second = mkdtempSync(join(tmpdir(), "zhixin-moved-"));
    for (const file of ["keyring", "unseal.key", "zhixin.conf"]) writeFileSync(join(second, file), readFileSync(join(installation.data, file)), { mode: 0o600 });
    expect(lines(await zhixin(["verify", "--data", second]))).toEqual(before);
    rmSync(second, { recursive: true, force: true });
    const running = await serve(installation.data);
    const admin = await new Session(running.url).login(installation.email, installation.password);
    expect((await admin.get("/api/v1/customers?limit=5")).body.items.length).toBe(5);
    await running.stop();
    before = await verify();
  });

  test("and back, killed on the way too", async () => {
    let killed = 0;
    let code: number | null = null;
    for (let ms = 60; code !== 0 && killed < 100; ms = later(ms, 60, killed)) {
      code = await killedAfter(back(), ms);
      if (code !== 0) killed++;
    }
    expect(code).toBe(0);
    expect(killed).toBeGreaterThan(2);
    expect(await verify()).toEqual(before);
    expect(conf()).not.toContain("postgres://zhixin");
  });
});
