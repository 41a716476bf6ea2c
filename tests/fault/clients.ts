// Clients that send events, receipts and orders, keep a ledger of what was acknowledged, and send again what was not, as SDKs
// and tills do; and the comparison of that ledger with what the program holds.
import { randomInt, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { loggedEvents, type Session } from "../harness";

const pause = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

export interface Parcel {
  path: string;
  key: string;
  body: string;
  messages: string[];
  receipt?: string;
  phone?: string;
}

export class Clients {
  url = "";
  others: string[] = []; // further servers of the same truth: each parcel goes to any of them
  sent = 0;
  restMs = 0; // between two parcels of one client
  acknowledged: Parcel[] = [];
  private waiting: Parcel[] = [];
  private running = false;
  private workers: Promise<void>[] = [];
  private agent = new Agent({ keepAlive: true, maxSockets: 16 });
  private people = 0;
  constructor(
    readonly write: string,
    readonly till: string,
    readonly mark: string,
  ) {}

  private phone = () => `139${this.mark}${String(this.people++).padStart(5, "0")}`;

  private batch(): Parcel {
    const device = `d-${randomInt(1000)}`;
    const phone = this.phone();
    const events: any[] = Array.from({ length: 12 }, (_, i) => ({
      type: "track",
      event: "Product Viewed",
      anonymousId: device,
      messageId: randomUUID(),
      properties: { product_id: `K${i}`, price: 99.5, position: i },
    }));
    events.push({ type: "identify", userId: `u-${phone}`, anonymousId: device, messageId: randomUUID(), traits: { phone, name: "王小明" } });
    events.push({
      type: "track",
      event: "Order Completed",
      userId: `u-${phone}`,
      messageId: randomUUID(),
      properties: { order_id: `W${phone}`, total: 20, products: [{ sku: "K1", price: 10, quantity: 2 }] },
    });
    events.push({ ...events[0] }); // a repeat within the batch
    return { path: "/v1/batch", key: this.write, body: JSON.stringify({ batch: events }), messages: events.slice(0, 14).map((e) => e.messageId), phone };
  }

  private receipt(): Parcel {
    const phone = this.phone();
    const receipt = `R${phone}`;
    const line = { line_no: 1, sku: "K1", name: "衬衫", quantity: 1, list_price: "100.00", paid: "80.00", tax_rate: "13" };
    const body = {
      store: "SH01",
      till: "1",
      number: receipt,
      time: "2026-03-01T13:40:00+08:00",
      currency: "CNY",
      kind: "receipt",
      member: { phone },
      lines: [line, { ...line, line_no: 2 }],
      tenders: [{ type: "wechat", amount: "160.00" }],
    };
    return { path: "/api/v1/receipts", key: this.till, body: JSON.stringify(body), messages: [], receipt, phone };
  }

  /** Resolves with the status, 0 when the connection broke: then nobody knows whether it was taken; and with what was said. */
  private post(parcel: Parcel): Promise<{ status: number; text: string }> {
    return new Promise((done) => {
      const { hostname, port } = new URL([this.url, ...this.others][randomInt(1 + this.others.length)]);
      const headers = {
        authorization: `Basic ${Buffer.from(`${parcel.key}:`).toString("base64")}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(parcel.body),
      };
      const call = request({ hostname, port, path: parcel.path, method: "POST", headers, agent: this.agent, timeout: 5000 }, (reply) => {
        let text = "";
        reply.on("error", () => done({ status: 0, text }));
        reply.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        reply.on("end", () => done({ status: reply.complete ? reply.statusCode! : 0, text }));
      });
      call.on("error", () => done({ status: 0, text: "" }));
      call.on("close", () => done({ status: 0, text: "" })); // however it ended, somebody waits for it
      call.on("timeout", () => call.destroy());
      call.end(parcel.body);
    });
  }

  private async work(n: number) {
    while (this.running) {
      const parcel = this.waiting.shift() ?? (n % 3 === 0 ? this.receipt() : this.batch());
      const { status, text } = await this.post(parcel);
      this.sent++;
      if (status === 200) this.acknowledged.push(parcel);
      else this.waiting.push(parcel);
      if (status !== 200 && status !== 0 && status !== 503 && status !== 507) throw new Error(`${parcel.path} answered ${status} ${text} to ${parcel.body.slice(0, 300)}`);
      if (status !== 200) await pause(10);
      else if (this.restMs) await pause(this.restMs);
      if (status === 200 && randomInt(10) === 0) this.waiting.push(parcel); // a client that lost the answer
    }
  }

  start(atOnce = 8) {
    this.running = true;
    this.workers = Array.from({ length: atOnce }, (_, n) => this.work(n));
    for (const worker of this.workers) worker.catch(() => {}); // stop() tells
  }
  async stop() {
    this.running = false;
    await Promise.all(this.workers);
    this.agent.destroy();
    this.agent = new Agent({ keepAlive: true, maxSockets: 16 });
  }
}

/* ---- comparing ---- */

export interface Findings {
  lost: string[];
  doubled: string[];
}

/** Compares the ledger with the log on disk and with what the API tells of receipts and orders. */
export async function compare(data: string, admin: Session, clients: Clients): Promise<Findings> {
  const found: Findings = { lost: [], doubled: [] };
  const judge = (name: string, times: Map<string, number>, acknowledged: Iterable<string>) => {
    for (const id of new Set(acknowledged)) if (!times.get(id)) found.lost.push(`${name} ${id}`);
    for (const [id, n] of times) if (n > 1) found.doubled.push(`${name} ${id} ×${n}`);
  };
  const count = (list: string[]) => {
    const times = new Map<string, number>();
    for (const id of list) times.set(id, (times.get(id) ?? 0) + 1);
    return times;
  };
  judge("event", count((await loggedEvents(data)).map((e) => e.message_id)), clients.acknowledged.flatMap((p) => p.messages));
  const documents: any[] = [];
  for (let after = ""; ; ) {
    const page = (await admin.get(`/api/v1/orders?limit=200${after}`)).body;
    documents.push(...page.items);
    if (!page.next) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  const numbers = count(documents.map((d) => d.number));
  judge("receipt", numbers, clients.acknowledged.filter((p) => p.receipt).map((p) => p.receipt!));
  judge("order", numbers, clients.acknowledged.filter((p) => !p.receipt).map((p) => `W${p.phone}`));
  for (const d of documents) {
    const wanted = d.number.startsWith("R") ? "160.00" : "20.00";
    if (d.total !== wanted) found.doubled.push(`${d.number} has ${d.total} instead of ${wanted}`);
  }
  // The people of a few parcels are found, each once, with what she bought.
  for (let i = 0; i < 5 && clients.acknowledged.length; i++) {
    const parcel = clients.acknowledged[randomInt(clients.acknowledged.length)];
    const answer = (await admin.post("/api/v1/customers/lookup", { q: parcel.phone })).body;
    if (answer.kind !== "exact") found.lost.push(`person ${parcel.phone}`);
    else if (answer.items[0].orders !== 1) found.doubled.push(`person ${parcel.phone} has ${answer.items[0].orders} orders`);
  }
  return found;
}
