// A full and a failing disk. tests/fault/faildisk.c makes the n-th write, sync, growth or new file below the data directory fail
// with ENOSPC or EIO, once or until the disk is well again. While clients go on sending: what can't be stored is refused (507, 503), never acknowledged; people
// log in and look at customers; with room again it works by itself; nothing is lost, nothing doubled, `verify` is clean.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventually, faildisk, type Installation, install, type Running, Session, serve, withKey, zhixin } from "../harness";
import { Clients, compare } from "./clients";
import { Disk, EIO, ENOSPC, type Failure, ops } from "./disk";

const long = !!process.env.ZHIXIN_TEST_LONG;
const pause = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
const count = { failures: 0, calls: 0, refused507: 0, refused503: 0, acknowledged: 0, receipts: 0, reads: 0, deaths: 0 };
afterAll(() =>
  console.log(
    `faults: disk failed in ${count.failures} ways (${count.calls} calls); answered 507 ${count.refused507} and 503 ${count.refused503} times, ${count.reads} reads and logins meanwhile went well; ` +
      `${count.deaths} restarts of a process; acknowledged ${count.acknowledged} events and ${count.receipts} receipts, lost 0, doubled 0`,
  ),
);

/* ---- a shop at work ---- */

class Shop {
  running!: Running;
  admin!: Session;
  clients!: Clients;
  customer = "";
  private n = 0;
  private constructor(
    readonly installation: Installation,
    readonly write: string,
    readonly till: string,
    readonly env: Record<string, string>,
  ) {}

  static async open(installation: Installation, env: Record<string, string>): Promise<Shop> {
    const key = async (kind: string, source: string) => (await zhixin(["key", "create", "--data", installation.data, "--kind", kind, "--source", source, "--trusted"])).trim();
    const shop = new Shop(installation, await key("write", "shop-server"), await key("api", "till"), { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: "300", ...env });
    await shop.serve();
    await shop.admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] });
    shop.customer = (await shop.admin.post("/api/v1/customers", { name: "王小明", phones: ["13700000001"] })).body.id;
    shop.clients = new Clients(shop.write, shop.till, "777");
    shop.clients.url = shop.running.url;
    shop.clients.restMs = 20;
    await shop.works();
    return shop;
  }

  async serve() {
    this.running = await serve(this.installation.data, { env: this.env });
    this.admin = await new Session(this.running.url).login(this.installation.email, this.installation.password);
  }

  /** Status of a request; 0 when the connection broke, as it does when the server ends after a failed fsync. */
  async ask(fn: () => Promise<{ status: number; body: any }>): Promise<{ status: number; code: string }> {
    try {
      const { status, body } = await fn();
      if (status === 507) count.refused507++;
      if (status === 503) count.refused503++;
      return { status, code: body?.error?.code ?? "" };
    } catch {
      return { status: 0, code: "" };
    }
  }

  event = () => this.ask(() => withKey(this.running.url, this.write, "/v1/track", { event: "Seen", anonymousId: "disk", messageId: `disk-${this.n++}` }));
  customerWrites = (): [string, () => Promise<{ status: number; code: string }>][] => [
    ["event", this.event],
    ["new customer", () => this.ask(() => this.admin.post("/api/v1/customers", { name: "李雷", phones: [`1360${String(this.n++).padStart(7, "0")}`] }))],
    ["tags", () => this.ask(() => this.admin.put(`/api/v1/customers/${this.customer}/tags`, { tags: [`t${this.n++}`] }))],
    ["查看明文", () => this.ask(() => this.admin.post(`/api/v1/customers/${this.customer}/reveal`, { fields: ["phone"], purpose: "verify", reason: "the disk is full" }))],
    ["import", () => this.ask(() => this.upload())],
  ];

  private async upload() {
    const body = `name,phone\n${Array.from({ length: 2000 }, (_, i) => `王,1350${String(i).padStart(7, "0")}`).join("\n")}\n`;
    const headers = { cookie: this.admin.cookie, "x-csrf-token": this.admin.csrf, origin: this.running.url, "content-type": "text/csv" };
    const reply = await fetch(`${this.running.url}/api/v1/imports?kind=customers&dry_run=true`, { method: "POST", body, headers });
    return { status: reply.status, body: await reply.json() };
  }

  /** What must go on while nothing can be written. */
  async reads(withWrongPassword: boolean): Promise<string[]> {
    const bad: string[] = [];
    const well = (what: string, status: number) => (status === 200 ? count.reads++ : bad.push(`${what}: ${status}`));
    const other = new Session(this.running.url);
    const login = await other.post("/api/v1/session", { email: this.installation.email, password: this.installation.password });
    well("login", login.status === 201 ? 200 : login.status);
    other.csrf = login.body?.csrf ?? "";
    for (const session of [this.admin, other]) {
      const found = await session.post("/api/v1/customers/lookup", { q: "13700000001" });
      well("lookup", found.body?.kind === "exact" ? found.status : found.status * 10);
      well("record", (await session.get(`/api/v1/customers/${this.customer}`)).status);
      well("list", (await session.get("/api/v1/customers?limit=5")).status);
      well("session", (await session.get("/api/v1/session")).status);
    }
    if (withWrongPassword) well("wrong password", (await new Session(this.running.url).post("/api/v1/session", { email: this.installation.email, password: "not this one" })).status === 401 ? 200 : 1);
    return bad;
  }

  /** Everything works, by itself. */
  async works() {
    let waits = "";
    const well = (what: string, { status, code }: { status: number; code: string }) => {
      waits = `${what} is answered ${status} ${code}`;
      return [200, 201, 202].includes(status);
    };
    await eventually(async () => {
      if (!well("/healthz", await this.ask(() => this.admin.get("/healthz")))) return false;
      if (!well("overview", await this.ask(() => this.admin.get("/api/v1/overview")))) return false;
      for (const [what, write] of this.customerWrites()) if (!well(what, await write())) return false; // 查看明文 has a budget: late
      return true;
    }, 120_000).catch((e) => {
      throw new Error(`${e}: ${waits}`);
    });
  }

  /** Stops, and judges what is there against what was acknowledged. */
  async end() {
    await this.clients.stop();
    await this.works();
    const admin = await new Session(this.running.url).login(this.installation.email, this.installation.password);
    const found = await compare(this.installation.data, admin, this.clients);
    count.acknowledged += new Set(this.clients.acknowledged.flatMap((p) => p.messages)).size;
    count.receipts += new Set(this.clients.acknowledged.flatMap((p) => p.receipt ?? [])).size;
    count.deaths += (this.running.log().match(/supervisor\.child_ended/g) ?? []).length;
    expect(found).toEqual({ lost: [], doubled: [] });
    expect(this.clients.acknowledged.length).toBeGreaterThan(0);
    expect(await this.running.stop()).toBe(0);
    await zhixin(["verify", "--data", this.installation.data]);
    expect(execFileSync("sqlite3", [join(this.installation.data, "zhixin.db"), "PRAGMA integrity_check"], { encoding: "utf8" }).trim()).toBe("ok");
  }
}

async function withShop(fn: (shop: Shop, disk: Disk) => Promise<void>) {
  const installation = await install();
  const disk = new Disk(join(dirname(installation.data), "disk"));
  let shop: Shop | undefined;
  try {
    shop = await Shop.open(installation, { ...faildisk.preload, FAILDISK_DATA: installation.data, FAILDISK_CONTROL: disk.path });
    shop.clients.start(3);
    await fn(shop, disk);
    disk.heal();
    await shop.end();
  } catch (e) {
    throw new Error(`${e instanceof Error ? e.stack : e}\n${shop?.running.log().slice(-4000)}`);
  } finally {
    disk.heal();
    await shop?.clients?.stop();
    await shop?.running.stop();
    disk.close();
    count.failures += disk.failures;
    count.calls += disk.calls;
    installation.remove();
  }
}

const name = (f: Failure) =>
  `${f.error === EIO ? "EIO" : "ENOSPC"} of ${Object.entries(ops).filter(([, bit]) => f.operations & bit).map(([op]) => op).join(", ")} of ${f.file || "any file"}${f.short ? " after half" : ""}${f.once ? `, call ${f.skip} once` : ""}`;

/* ---- until it is well again ---- */

test("a disk that is full, or fails, until it is well again", async () => {
  await withShop(async (shop, disk) => {
    const bad: string[] = [];
    const files = ["", "zhixin.db", "keys.db", "warehouse.duckdb", "segments/", "audit.log", "seen/"];
    for (const file of files)
      for (const error of [ENOSPC, EIO])
        for (const short of [false, true]) {
          const failure = { error, operations: ops.write | ops.grow | ops.make, file, short };
          disk.fail(failure);
          await pause(100);
          for (const [what, write] of shop.customerWrites()) {
            const { status, code } = await write();
            const refused = status === 507 || status === 503;
            if (![200, 201, 202].includes(status) && !(refused && /^(disk_full|disk_failing|busy|vault_down)$/.test(code))) bad.push(`${name(failure)}: ${what} was answered ${status} ${code}`);
            // Half a write may be all that is left of the file, or of what is written next: then it may be taken.
            if ((file === "" || (file === "zhixin.db" && what === "event")) && !short && what !== "import" && !refused) bad.push(`${name(failure)}: ${what} was taken: ${status}`);
            if (file === "" && what === "event" && !short && (error === ENOSPC ? status !== 507 : status !== 503)) bad.push(`${name(failure)}: ${what} was answered ${status}`);
            if (file === "audit.log" && what === "查看明文" && !refused) bad.push(`${name(failure)}: shown without a record: ${status}`);
            if (["segments/", "seen/", "warehouse.duckdb", "audit.log"].includes(file) && what === "event" && status !== 200) bad.push(`${name(failure)}: an event was answered ${status}`);
          }
          for (const line of await shop.reads(file === "")) bad.push(`${name(failure)}: ${line}`);
          disk.heal();
          await shop.works();
        }
    if (bad.length) throw new Error(bad.join("\n"));
  });
});

test("an fsync that fails: nothing is acknowledged that may be lost, and it goes on by itself", async () => {
  await withShop(async (shop, disk) => {
    for (const file of ["", "zhixin.db", "keys.db", "warehouse.duckdb", "segments/", "audit.log"])
      for (const error of [EIO, ENOSPC]) {
        const failure = { error, operations: ops.sync, file };
        disk.fail(failure);
        await pause(100);
        for (const [what, write] of shop.customerWrites()) {
          const { status } = await write();
          if (file === "" && what === "event") expect([name(failure), status]).not.toEqual([name(failure), 200]);
          if (file === "audit.log" && what === "查看明文") expect([name(failure), status]).not.toEqual([name(failure), 200]);
          expect([0, 200, 201, 202, 401, 503, 507]).toContain(status);
        }
        disk.heal();
        await shop.works();
      }
  });
});

/* ---- the n-th call, once ---- */

test("each n-th call fails once", async () => {
  await withShop(async (shop, disk) => {
    const last = long ? 60 : 16;
    for (const operations of [ops.write, ops.sync, ops.grow | ops.make])
      for (const error of [ENOSPC, EIO])
        for (let skip = 0; skip < (operations === ops.write ? last : last / 4); skip++) {
          disk.fail({ error, operations, once: true, skip, short: operations === ops.write && skip % 3 === 2 });
          for (const [what, write] of shop.customerWrites()) {
            const { status, code } = await write();
            if (status >= 500) expect([507, 503], `${name({ error, operations, skip, once: true })}: ${what} ${status} ${code}`).toContain(status);
          }
          disk.heal();
          await shop.works();
        }
  });
});
