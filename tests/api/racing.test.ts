// Who is one with whom does not depend on which server heard of it, nor on what happened at the same moment elsewhere: a shuffled
// flood of identifies, through two servers of one database at once, ends in exactly the people that a union-find over the same
// calls ends in. On files one server takes them all. ZHIXIN_RACING says how many calls.
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, folderBeside, install, type Installation, loggedEvents, patience, postgres, type Running, Session, serve, withKey, zhixin } from "../harness";

const calls = Number(process.env.ZHIXIN_RACING ?? (process.env.ZHIXIN_TEST_LONG ? 100_000 : Math.floor(12_000 / patience)));
const people = Math.floor(calls / 10);
const seed = Number(process.env.ZHIXIN_SEED ?? randomBytes(4).readUInt32LE());

/** mulberry32: the same calls for the same seed. */
function random(state: number) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/* ---- the model ---- */

class Components {
  private parent = new Map<string, string>();
  find(x: string): string {
    let root = x;
    while (this.parent.get(root) !== root) {
      if (!this.parent.has(root)) this.parent.set(root, root);
      root = this.parent.get(root)!;
    }
    for (let at = x; at !== root; ) {
      const next = this.parent.get(at)!;
      this.parent.set(at, root);
      at = next;
    }
    return root;
  }
  join(list: string[]) {
    for (const other of list.slice(1)) this.parent.set(this.find(other), this.find(list[0]));
    this.find(list[0]);
  }
  /** How many people have so many identifiers: "2|17" is 17 of two. */
  histogram(): string[] {
    const sizes = new Map<string, number>(), counts = new Map<number, number>();
    for (const x of [...this.parent.keys()]) sizes.set(this.find(x), (sizes.get(this.find(x)) ?? 0) + 1);
    for (const n of sizes.values()) counts.set(n, (counts.get(n) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => a - b).map((pair) => pair.join("|"));
  }
}

/* ---- the calls ---- */

interface Call {
  said: string[];
  event: { type: "identify"; messageId: string; userId?: string; traits: { phone?: string; email?: string } };
}

/** Person n has two phones, two addresses, and an account or none; a call names some of them. */
function makeCalls(): Call[] {
  const next = random(seed), one = <T>(list: T[]) => list[Math.floor(next() * list.length)];
  return Array.from({ length: calls }, (_, i) => {
    const n = Math.floor(next() * people), kinds = 1 + Math.floor(next() * 7);
    const phone = kinds & 1 ? `13${one([3, 8])}${12_345_600 + n * 37}` : undefined; // none that looks made up
    const email = kinds & 2 ? `${one(["home", "work"])}.${n}@people.example` : undefined;
    const userId = kinds & 4 && n % 3 ? `account-${n}` : undefined;
    const said = [phone, email, userId].filter((x) => x !== undefined);
    return said.length ? { said, event: { type: "identify" as const, messageId: `race-${i}`, userId, traits: { phone, email } } } : null;
  }).filter((call) => call !== null);
}

/* ---- the servers ---- */

let first: Installation;
let beside: string | null = null;
const running: Running[] = [];
let key = "";

beforeAll(async () => {
  first = await install();
  if (postgres) beside = folderBeside(first.data);
  for (const data of [first.data, ...(beside ? [beside] : [])]) running.push(await serve(data));
  key = (await zhixin(["key", "create", "--data", first.data, "--kind", "write", "--source", "shop", "--trusted"])).trim();
  for (const r of running) await eventually(async () => (await withKey(r.url, key, "/v1/batch", { batch: [] })).status !== 401);
});
afterAll(async () => {
  for (const r of running) await r.stop();
  if (beside) rmSync(beside, { recursive: true, force: true });
  first?.remove();
});

test(`${calls} identifies at once end in the people that they tell of (seed ${seed})`, async () => {
  const made = makeCalls(), model = new Components();
  for (const call of made) model.join(call.said);
  const parcels: Call[][] = [];
  for (let at = 0; at < made.length; at += 50) parcels.push(made.slice(at, at + 50));
  let sent = 0;
  const send = async (server: number, parcel: Call[]) => {
    for (;;) {
      const { status } = await withKey(running[server].url, key, "/v1/batch", { batch: parcel.map((call) => call.event) });
      if (status === 200) return;
      expect(status).toBe(503); // full for a moment: as an SDK would, again
    }
  };
  const client = async (n: number) => {
    for (let parcel = parcels[sent++]; parcel; parcel = parcels[sent++]) {
      await send(n % running.length, parcel);
      if (sent % 10 === 0) await send((n + 1) % running.length, parcel); // a client that lost the answer asks elsewhere
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, n) => client(n)));

  const logged = (await loggedEvents(first.data)).map((e) => e.message_id);
  expect([logged.length, new Set(logged).size]).toEqual([made.length, made.length]);
  const members = "SELECT COALESCE(m.root_id, i.customer_id) AS person, count(*) AS n FROM identifier i LEFT JOIN customer_member m ON m.customer_id = i.customer_id GROUP BY 1";
  expect(first.sql(`SELECT n, count(*) FROM (${members}) AS t GROUP BY n ORDER BY n`).split("\n")).toEqual(model.histogram());
  expect(first.sql("SELECT count(*) - count(DISTINCT key_hash) FROM identifier")).toBe("0");
  expect(first.sql("SELECT count(*) FROM identity_review")).toBe("0");

  // Whom each server finds: one person by whatever she is known by, another by what was never said together with it.
  const phones = [...new Set(made.flatMap((call) => call.event.traits.phone ?? []))].slice(0, 150);
  for (const r of running) {
    const admin = await new Session(r.url).login(first.email, first.password);
    const found = new Map<string, string>();
    for (const phone of phones) {
      const id = await eventually(async () => {
        const { body } = await admin.post("/api/v1/customers/lookup", { q: phone });
        return body.items?.length === 1 && body.items[0].id;
      });
      const person = model.find(phone);
      expect(found.get(person) ?? id).toBe(id);
      found.set(person, id);
    }
    expect(new Set(found.values()).size).toBe(found.size);
  }
}, (60_000 + calls * 10) * patience);
