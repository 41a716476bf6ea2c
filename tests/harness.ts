// The real program for tests: a fresh installation in a temporary folder, served on a free port, stopped at the end.
// Nothing is built here; `make build` made build/zhixin.
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";

export const root = resolve(import.meta.dirname, "..");
export const binary = process.env.ZHIXIN_BINARY ?? join(root, "build", "zhixin");
/** Real data made by others, beside the project; null where it is not there (tests then say that they skipped). */
export const realData = (folder: string): string | null => {
  const path = join(root, "..", "shared", "data", folder);
  return existsSync(path) ? path : null;
};

/** How many times longer things may take: a build with sanitizers is slow. */
export const patience = Number(process.env.ZHIXIN_PATIENCE ?? 1);
/** For what follows an answer by a moment; only a test that fails waits so long. */
const momentMs = 120_000;

/** Runs a command to its end; rejects with its standard error when it fails. */
export async function zhixin(args: string[], options: { env?: Record<string, string>; timeoutMs?: number } = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, args, {
    maxBuffer: 512 << 20,
    timeout: (options.timeoutMs ?? 600_000) * patience,
    env: { ...process.env, ...options.env },
  });
  return stdout;
}

/** PostgreSQL server (postgres://…/postgres?…) on which each installation gets databases of its own; none: files. */
export const postgres = process.env.ZHIXIN_TEST_DATABASE || null;
/** Where figures come from on it: "same" (that database), or else files beside each server. */
const warehouse = postgres && process.env.ZHIXIN_TEST_WAREHOUSE ? ["--warehouse", process.env.ZHIXIN_TEST_WAREHOUSE] : [];
export const sharesWarehouse = warehouse[1] === "same";
const psql = (url: string, statement: string) => execFileSync("psql", ["-X", "-q", "-A", "-t", url, "-c", statement], { encoding: "utf8" }).trim();

/** A server for databases: how a test reaches it (which may change), and, if another way, how the program does: URLs of the
 *  database "postgres". */
export interface DatabaseServer {
  url: string;
  program?: string;
}

const testServer: DatabaseServer | null = postgres ? { url: postgres } : null;

/** Databases of one installation; their URLs as the test asks them, and as `zhixin init` takes them. */
export function makeDatabases(server: DatabaseServer | null = testServer) {
  if (!server) return null;
  const name = `test_${process.pid}_${randomBytes(6).toString("hex")}`;
  const names = [name, `${name}_keys`];
  const at = (url: string, database: string) => url.replace(/\/postgres(?=\?|$)/, `/${database}`);
  for (const database of names) psql(server.url, `CREATE DATABASE ${database} TEMPLATE template0`);
  const [url, keys] = names.map((database) => at(server.url, database));
  const [program, programKeys] = names.map((database) => at(server.program ?? server.url, database));
  const remove = () => {
    for (const database of names) psql(server.url, `DROP DATABASE ${database} WITH (FORCE)`);
  };
  return { url, keys, program, programKeys, remove };
}

export interface Installation {
  data: string;
  /** Asks or changes the truth, or the store of wrapped keys, behind the program's back; cells are parted by "|". */
  sql(statement: string): string;
  keysSql(statement: string): string;
  /** Every row of both as an INSERT statement; what is derived from them follows a moment later, and is left out. */
  dump(): string[];
  email: string;
  password: string;
  remove(): void;
}

/** They stay what they were when they were first asked for. */
const tables = new Map<string, string[]>();
function tablesOf(url: string): string[] {
  const text = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = CAST('public' AS regnamespace) ORDER BY relname";
  if (!tables.has(url)) tables.set(url, psql(url, text).split("\n"));
  return tables.get(url)!;
}

/** Every row of every table of a database, as sqlite3's .dump says it, but for how values are written; pg_dump asks a hundred questions of its own first. */
function copied(url: string): string[] {
  const commands = tablesOf(url).flatMap((table) => ["-c", `\\echo @table ${table}`, "-c", `COPY "${table}" TO STDOUT`]);
  const rows: string[] = [];
  let table = "";
  for (const line of execFileSync("psql", ["-X", "-q", url, ...commands], { encoding: "utf8", maxBuffer: 256 << 20 }).split("\n"))
    if (line.startsWith("@table ")) table = line.slice("@table ".length);
    else if (line) rows.push(`INSERT INTO ${table} ${line}`);
  return rows;
}

/** `server`: null puts the truth into files, whatever the tests run on. */
export async function install(folderGiven?: string, server: DatabaseServer | null = testServer): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), "zhixin-test-"));
  const data = folderGiven ?? join(folder, "data");
  const password = randomBytes(9).toString("base64url");
  const file = join(folder, "password");
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  const email = "admin@zhixin.example";
  const databases = makeDatabases(server);
  const where = databases ? ["--database", databases.program, "--keys", databases.programKeys, ...(server === testServer ? warehouse : [])] : [];
  await zhixin(["init", "--data", data, "--admin", email, "--password-file", file, ...where]);
  const dump = (name: string, url?: string) => {
    const dumped = () => execFileSync("sqlite3", [join(data, name), ".dump"], { encoding: "utf8", maxBuffer: 256 << 20 });
    const rows = url ? copied(url) : dumped().split("\n").filter((line) => line.startsWith("INSERT"));
    return rows.filter((row) => !row.startsWith("INSERT INTO writer ")).map((row) => `${name} ${row}`); // what a driver counts its transactions by
  };
  const sqlite = (name: string, statement: string) => execFileSync("sqlite3", [join(data, name), statement], { encoding: "utf8" }).trim();
  return {
    data,
    email,
    password,
    sql: (statement) => (databases ? psql(databases.url, statement) : sqlite("zhixin.db", statement)),
    keysSql: (statement) => (databases ? psql(databases.keys, statement) : sqlite("keys.db", statement)),
    dump: () => [...dump("zhixin.db", databases?.url), ...dump("keys.db", databases?.keys)],
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      databases?.remove();
    },
  };
}

/** The folder of one more server of the same databases: keyring and configuration, as docs/operations.md says. Remove it yourself. */
export function folderBeside(data: string): string {
  const folder = mkdtempSync(join(tmpdir(), "zhixin-beside-"));
  for (const file of ["keyring", "unseal.key", "zhixin.conf"]) cpSync(join(data, file), join(folder, file));
  return folder;
}

export interface Running {
  url: string;
  process: ChildProcess;
  /** What the program logged so far. */
  log(): string;
  /** What it printed. */
  out(): string;
  /** SIGTERM, or what is asked, and wait; resolves with the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  exited: Promise<number | null>;
}

/** How long starts of the program took, with nothing to repair: by that a test knows what machine it is on. */
export const startsMs: number[] = [];

/** So many milliseconds are promised where the program starts in a fifth of them, as on any machine that is not slow and not busy
 *  with others. Else it may take as many times as long as a start does. */
export function promised(ms: number): number {
  const usual = [...startsMs].sort((a, b) => a - b)[Math.floor(startsMs.length / 2)] ?? 0;
  return Math.round(Math.max(ms, 5 * usual) * patience);
}

/** Starts a program and waits until it says where it listens. */
export async function listening(command: string, args: string[], env: Record<string, string> = {}): Promise<Running> {
  const began = Date.now();
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let log = "";
  let out = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-2_000_000);
  });
  // When all of it has ended, its children too, and what they said has been read.
  const exited = new Promise<number | null>((done) => child.once("close", (code) => done(code)));
  const url = await new Promise<string>((found, failed) => {
    child.once("error", failed); // the program is not there
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      const match = /listening on (http:\/\/\S+)/.exec(out);
      if (match) found(match[1]);
    });
    exited.then((code) => failed(new Error(`${command} ended with ${code}: ${log}`)));
  });
  startsMs.push(Date.now() - began);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return exited;
  };
  return { url, process: child, log: () => log, out: () => out, stop, exited };
}

/** A port of 127.0.0.1 that nobody has and that the system gives to no connection either (net.ipv4.ip_local_port_range): who ends
 *  and starts again finds it free. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 30_000);
    const free = await new Promise<boolean>((found) => {
      const server = createServer().once("error", () => found(false));
      server.listen(port, "127.0.0.1", () => server.close(() => found(true)));
    });
    if (free) return port;
  }
}

export const serve = (data: string, options: { listen?: string; env?: Record<string, string> } = {}) =>
  listening(binary, ["serve", "--data", data, "--listen", options.listen ?? "127.0.0.1:0"], options.env);

export interface Reply<T = any> {
  status: number;
  body: T;
  headers: Headers;
}

/** A person at the console: keeps the cookie and sends the CSRF token with every write. */
export class Session {
  cookie = "";
  csrf = "";
  constructor(readonly url: string) {}

  async call<T = any>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply<T>> {
    const reply = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...(method !== "GET" ? { "x-csrf-token": this.csrf, origin: this.url } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const set = reply.headers.getSetCookie().find((c) => c.includes("zhixin_session="));
    if (set) this.cookie = set.split(";")[0];
    const text = await reply.text();
    let parsed: any = text;
    try {
      parsed = text ? JSON.parse(text) : null;
    } catch {
      // not JSON: left as text
    }
    return { status: reply.status, body: parsed, headers: reply.headers };
  }

  get = <T = any>(path: string) => this.call<T>("GET", path);
  post = <T = any>(path: string, body: unknown = {}, headers = {}) => this.call<T>("POST", path, body, headers);
  put = <T = any>(path: string, body: unknown, headers = {}) => this.call<T>("PUT", path, body, headers);
  patch = <T = any>(path: string, body: unknown, headers = {}) => this.call<T>("PATCH", path, body, headers);
  delete = <T = any>(path: string) => this.call<T>("DELETE", path);

  async login(email: string, password: string): Promise<this> {
    const reply = await this.post("/api/v1/session", { email, password });
    if (reply.status >= 300) throw new Error(`login: ${reply.status} ${JSON.stringify(reply.body)}`);
    this.csrf = reply.body.csrf;
    return this;
  }
}

/** An integrator: calls with an API key or write key. */
export async function withKey<T = any>(url: string, key: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply<T>> {
  const reply = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}`, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await reply.text();
  return { status: reply.status, body: text ? JSON.parse(text) : null, headers: reply.headers };
}

export interface Program extends Installation, Running {
  admin: Session;
  key(kind: "write" | "api", source: string, trusted?: boolean): Promise<string>;
}

/** An installation that is being served, with its administrator logged in. */
export async function startProgram(options: { env?: Record<string, string>; prepare?: (data: string) => Promise<void> } = {}): Promise<Program> {
  const installation = await install();
  await options.prepare?.(installation.data);
  const running = await serve(installation.data, options);
  const admin = await new Session(running.url).login(installation.email, installation.password);
  const key = async (kind: string, source: string, trusted = false) =>
    (await zhixin(["key", "create", "--data", installation.data, "--kind", kind, "--source", source, ...(trusted ? ["--trusted"] : [])])).trim();
  const stop = async () => {
    const code = await running.stop();
    installation.remove();
    return code;
  };
  return { ...installation, ...running, admin, key, stop };
}

/** Asks until `check` gives something, for what follows a commit by a moment (warehouse, index of names, stream, jobs). It has to
 *  check all that is asserted afterwards: a part of it may be there before the rest. */
export async function eventually<T>(check: () => Promise<T | undefined | null | false>, timeoutMs = momentMs): Promise<T> {
  const end = Date.now() + timeoutMs * patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error("it did not happen in time");
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

/** Asks until the answer is what is wanted, and says what it was at the end when it never is. */
export async function becomes(ask: () => Promise<unknown>, wanted: unknown): Promise<void> {
  let last: unknown;
  const same = async () => {
    last = await ask();
    return isDeepStrictEqual(last, wanted);
  };
  await eventually(same).catch((error) => {
    throw new Error(`${error instanceof Error ? error.message : error}: ${JSON.stringify(last)} instead of ${JSON.stringify(wanted)}`);
  });
}

/** The warehouse is made and holds all that was committed before; the overview's figures are whole. */
export async function followed(admin: Session): Promise<void> {
  await eventually(async () => {
    const { status, body } = await admin.get("/api/v1/overview");
    return status === 200 && body.lag_ms === 0;
  });
}

/** One event as the log on disk holds it. Times in µs; numbers above 2^53 come as text. */
export interface LoggedEvent {
  id: string;
  source_id: string;
  subject: string;
  at_us: number;
  received_us: number;
  value_minor: number;
  quantity: number;
  type: number;
  flags: number;
  message_id: string;
  name: string;
  path: string;
  title: string;
  product: string;
  order_no: string;
  props: string;
  [column: string]: string | number;
}

const built = (name: string) => join(process.env.ZHIXIN_TOOLS ?? join(root, "build", "tests"), name);

/** Looks into the data directory from outside the program: tests/fault/peek.c. */
export async function peek(command: "events" | "cells" | "unpack", ...paths: string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(built("peek"), [command, ...paths], { maxBuffer: 1 << 30, encoding: "buffer" });
  return stdout;
}

/** Every event that the log holds, also while the server runs. */
export async function loggedEvents(data: string): Promise<LoggedEvent[]> {
  const text = (await peek("events", data)).toString("utf8");
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Every file below a folder with what is in it. One that the program takes away meanwhile is no file any more. */
export function* filesBelow(folder: string): Generator<[path: string, bytes: Buffer]> {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    try {
      if (statSync(path).isFile()) yield [path, readFileSync(path)];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** The disk that fails on order (tests/fault/faildisk.c). */
export const faildisk = { preload: { LD_PRELOAD: built("faildisk.so") } };

/** The disk that forgets (tests/fault/powercut.c): what to preload, and how to put back what was not synced. */
export const powercut = {
  preload: { LD_PRELOAD: built("powercut.so") },
  undo: async (folder: string) => (await promisify(execFile)(built("powercut-undo"), [folder])).stdout,
};
