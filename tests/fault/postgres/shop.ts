// A shop whose truth lives on a PostgreSQL server, with clients at work: what the fault tests of this folder share.
import { randomInt } from "node:crypto";
import { expect } from "vitest";
import { type DatabaseServer, type Installation, install, promised, type Running, Session, serve, withKey, zhixin } from "../../harness";
import { Clients, compare } from "../clients";
import { childOf, pause, residentMib } from "../processes";

/** After the database can be reached again, writes are taken within so many milliseconds. */
export const healedWithinMs = () => promised(5000);

export interface Figures {
  healMs: number[];
  mib: number[];
  acknowledged: number;
  receipts: number;
  sent: number;
}
export const noFigures = (): Figures => ({ healMs: [], mib: [], acknowledged: 0, receipts: 0, sent: 0 });

export const report = (what: string, f: Figures) => {
  const sorted = [...f.healMs].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return (
    `faults: ${what}; ${f.sent} requests, acknowledged ${f.acknowledged} events and ${f.receipts} receipts, lost 0, doubled 0; ` +
    `writes again: median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)} ms; server's memory at first ${f.mib[0]?.toFixed(0)}, most ${Math.max(...f.mib).toFixed(0)}, at last ${f.mib.at(-1)?.toFixed(0)} MiB`
  );
};

export class Shop {
  private n = 0;
  private constructor(
    readonly installation: Installation,
    readonly write: string,
    readonly running: Running,
    readonly admin: Session,
    readonly clients: Clients,
  ) {}

  static async open(server: DatabaseServer, env: Record<string, string> = {}): Promise<Shop> {
    const installation = await install(undefined, server);
    const key = async (kind: string, source: string) => (await zhixin(["key", "create", "--data", installation.data, "--kind", kind, "--source", source, "--trusted"])).trim();
    const [write, till] = [await key("write", "shop-server"), await key("api", "till")];
    const running = await serve(installation.data, { env: { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: "3000", ...env } });
    const admin = await new Session(running.url).login(installation.email, installation.password);
    await admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] });
    const clients = new Clients(write, till, String(randomInt(1000)).padStart(3, "0"));
    clients.url = running.url;
    clients.restMs = 15;
    return new Shop(installation, write, running, admin, clients);
  }

  /** An event of its own; sent until it is taken, each try bounded. Resolves with the milliseconds that took. */
  async writes(withinMs: number): Promise<number> {
    const began = Date.now();
    const messageId = `probe-${process.pid}-${this.n++}`;
    let last = "";
    while (Date.now() - began < withinMs) {
      const body = JSON.stringify({ event: "Seen", anonymousId: "probe", messageId });
      const headers = { authorization: `Basic ${Buffer.from(`${this.write}:`).toString("base64")}`, "content-type": "application/json" };
      try {
        const reply = await fetch(`${this.running.url}/v1/track`, { method: "POST", headers, body, signal: AbortSignal.timeout(Math.round(withinMs / 2)) });
        if (reply.status === 200) return Date.now() - began;
        last = `${reply.status} ${await reply.text()}`;
      } catch (e) {
        last = String(e);
      }
      await pause(20);
    }
    throw new Error(`no write is taken within ${withinMs} ms: ${last}`);
  }

  memory = () => residentMib(childOf(this.running.process.pid!, "server-process") ?? 0);

  /** Judges what is there against what was acknowledged. */
  async judge(figures: Figures) {
    await this.clients.stop();
    await this.writes(30_000);
    const found = await compare(this.installation.data, this.admin, this.clients);
    figures.sent += this.clients.sent;
    figures.acknowledged += new Set(this.clients.acknowledged.flatMap((p) => p.messages)).size;
    figures.receipts += new Set(this.clients.acknowledged.flatMap((p) => p.receipt ?? [])).size;
    expect(found).toEqual({ lost: [], doubled: [] });
  }

  /** Stops it; all is well with what it leaves. */
  async close() {
    expect(await this.running.stop()).toBe(0);
    await zhixin(["verify", "--data", this.installation.data]);
  }

  /** Whatever happened: nothing of it goes on. */
  async end() {
    await this.clients.stop().catch(() => {}); // it was told already
    if (this.running.process.exitCode === null) await this.running.stop("SIGKILL");
    try {
      this.installation.remove();
    } catch {
      // the server is gone already
    }
  }
}

export const single = (shop: Shop, messageId: string) => withKey(shop.running.url, shop.write, "/v1/track", { event: "Seen", anonymousId: "single", messageId });
