// 1,000 people with a phone, a name, an e-mail and an address of their own come in by every door; then every byte of every
// file of the data directory and of the log is searched for them: as they are, packed, in table cells, in blocks, segments
// and the warehouse, as hex, base64, URL- and UTF-16-encoded. None may be found. Values planted where they stand open must be.
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, filesBelow, followed, peek, type Program, postgres, startProgram, withKey, zhixin } from "../harness";

/* ---- people ---- */

interface Person {
  n: number;
  phone: string;
  name: string;
  email: string;
  street: string;
}

// Characters that stand in no word of ours, so that a find is a find.
const rare = [..."龘靐齉爨麤灪籲厵讟钃鸜麣虋驫羴犇猋毳淼焱垚垒矗蘷夔"];
const surnames = ["欧阳", "王", "司马", "李", "诸葛"];
const people: Person[] = Array.from({ length: 1000 }, (_, n) => ({
  n,
  phone: `1${["39", "58", "77", "88"][n % 4]}${String(10_000_000 + n * 7919 + 13).slice(-8)}`,
  name: surnames[n % 5] + rare[n % 25] + rare[Math.floor(n / 25) % 25] + rare[(n * 7) % 25],
  email: `q${n}zx.${(n * 48271).toString(36)}@wjk${n % 9}.example`,
  street: `枫${rare[n % 25]}路${1000 + n}弄${7000 + n}号乙`,
}));
const markersOf = (p: Person) => [p.phone, p.name, p.email, p.street];

/* ---- searching bytes for many values in many spellings ---- */

const base64Of = (value: Buffer): string[] =>
  [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), value]).toString("base64").replace(/=+$/, "");
    const from = Math.ceil((shift * 8) / 6);
    const bits = (shift + value.length) * 8;
    return text.slice(from, Math.floor(bits / 6));
  });

function spellings(value: string): Map<string, Buffer> {
  const bytes = Buffer.from(value, "utf8");
  const found = new Map<string, Buffer>([["plain", bytes]]);
  const wide = Buffer.from(value, "utf16le");
  found.set("utf16le", wide);
  found.set("utf16be", Buffer.from(wide).swap16());
  found.set("hex", Buffer.from(bytes.toString("hex")));
  found.set("HEX", Buffer.from(bytes.toString("hex").toUpperCase()));
  base64Of(bytes).forEach((text, i) => {
    found.set(`base64+${i}`, Buffer.from(text));
    found.set(`base64url+${i}`, Buffer.from(text.replace(/\+/g, "-").replace(/\//g, "_")));
  });
  const escaped = [...value].map((c) => (c.codePointAt(0)! > 0xffff ? "" : c.codePointAt(0)! > 127 ? `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}` : c)).join("");
  const others: [string, string][] = [["url", encodeURIComponent(value)], ["urllower", encodeURIComponent(value).replace(/%../g, (x) => x.toLowerCase())], ["json", escaped]];
  for (const [how, text] of others) if (text !== value) found.set(how, Buffer.from(text));
  if (/^\d{11}$/.test(value)) {
    for (const [how, number] of [["int", BigInt(value)], ["int86", BigInt(`86${value}`)]] as [string, bigint][]) {
      const word = Buffer.alloc(8);
      word.writeBigInt64LE(number);
      found.set(`${how}le`, Buffer.from(word.subarray(0, 6)));
      word.writeBigInt64BE(number);
      found.set(`${how}be`, Buffer.from(word.subarray(2)));
    }
  }
  return found;
}

class Searcher {
  private starts = new Map<number, { value: string; how: string; bytes: Buffer }[]>();
  private filter = new Uint8Array(1 << 22);
  constructor(values: string[]) {
    for (const value of values)
      for (const [how, bytes] of spellings(value)) {
        const start = bytes.readUInt32LE(0);
        if (!this.starts.has(start)) this.starts.set(start, []);
        this.starts.get(start)!.push({ value, how, bytes });
        this.filter[this.slot(start)] = 1;
      }
  }
  private slot = (word: number) => (Math.imul(word, 0x9e3779b1) >>> 10) & 0x3fffff;

  /** "value as how" of all that stands in these bytes, each once. */
  find(bytes: Buffer): Set<string> {
    const found = new Set<string>();
    let word = bytes.length < 4 ? 0 : bytes.readUInt32LE(0) << 8;
    for (let at = 0; at + 4 <= bytes.length; at++) {
      word = ((word >>> 8) | (bytes[at + 3] << 24)) >>> 0;
      if (!this.filter[this.slot(word)]) continue;
      for (const candidate of this.starts.get(word) ?? [])
        if (bytes.compare(candidate.bytes, 0, candidate.bytes.length, at, Math.min(at + candidate.bytes.length, bytes.length)) === 0)
          found.add(`${candidate.value} as ${candidate.how}`);
    }
    return found;
  }
}

/* ---- the installation ---- */

let program: Program;
let log = "";
const segmentEvents = 20_000;
beforeAll(async () => {
  program = await startProgram({ env: { ZHIXIN_EVENTLOG_SEGMENT_EVENTS: String(segmentEvents) } });
});
afterAll(async () => {
  await program?.stop();
});

// Values that stand open on purpose: one where any table shows it, one that only a decoded block can show.
const openName = "敞开的值QZXJVK7731";
const openProperty = "sichtbar-WQPLMX-90417";

async function plant() {
  const { admin, url } = program;
  const server = await program.key("write", "shop-server", true);
  const browser = await program.key("write", "shop-browser");
  const till = await program.key("api", "till", true);
  const post = async (key: string, path: string, body: unknown, wanted = [200]) => {
    const reply = await withKey(url, key, path, body);
    expect(wanted, `${path} ${JSON.stringify(reply.body)}`).toContain(reply.status);
    return reply;
  };
  await admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] });
  await admin.post("/api/v1/products", { products: [{ style: "K1", style_name: openName, sku: "K1-M", list_price: "10.00" }] });
  const group = (from: number, to: number) => people.slice(from, to);
  const address = (p: Person) => ({ province: "上海市", city: "上海市", district: "静安区", street: p.street, postalCode: "200040" });

  // Identify, by the shop's server and by a browser; single, in batches, twice.
  for (let i = 0; i < 250; i += 25)
    await post(server, "/v1/batch", {
      batch: group(i, i + 25).map((p) => ({
        type: "identify", userId: p.n % 3 ? `u-${p.n}` : p.phone, anonymousId: `d-${p.n}`, messageId: p.n % 5 ? `m-${p.n}` : `m-${p.phone}`,
        traits: { phone: p.phone, name: p.name, email: p.email, address: address(p), birthday: "1990-05-12", note: `${p.name} ${p.phone}`, card: "8800123412340021" },
        context: { traits: { email: p.email }, ip: "203.0.113.7", page: { url: `https://shop.example/me?phone=${p.phone}&name=${encodeURIComponent(p.name)}`, search: `?email=${p.email}` } },
      })),
    });
  for (const p of group(250, 300))
    await post(browser, "/v1/identify", { userId: p.email, anonymousId: `d-${p.n}`, traits: { phone: p.phone, firstName: p.name.slice(1), lastName: p.name[0], name: p.name, email: p.email, address: address(p) } });

  // Receipts.
  const receipt = (p: Person, member: object, more: object = {}) => ({
    store: "SH01", till: "1", number: `R-${p.n}`, time: "2026-03-01T13:40:00+08:00", currency: "CNY", kind: "receipt", member,
    lines: [{ line_no: 1, sku: "K1-M", name: `衬衫 ${p.phone} ${p.email}`, quantity: 1, list_price: "10.00", paid: "10.00", return_reason: `退给 ${p.phone}` }],
    tenders: [{ type: "wechat", amount: "10.00" }], ...more,
  });
  for (let i = 300; i < 500; i += 40) await post(till, "/api/v1/receipts", { receipts: group(i, i + 40).map((p) => receipt(p, p.n % 2 ? { phone: p.phone } : { email: p.email })) });
  for (const p of group(500, 520)) await post(till, "/api/v1/receipts", receipt(p, { phone: p.phone, name: p.name }, { unknown: p.email }), [400, 422]); // refused
  for (const p of group(520, 530)) await post(till, "/api/v1/receipts", { receipts: [receipt(p, { phone: p.phone }, { store: "ZZ", number: p.phone })] }, [200, 422]);

  // Forms, with all that staff do to a record.
  for (const p of group(530, 650)) {
    const form = { name: p.name, gender: "f", phones: [p.phone], emails: [p.email], addresses: [{ province: "上海市", city: "上海市", district: "静安区", street: p.street }], note: `${p.name}，${p.phone}，${p.email}，住${p.street}`, home_store: "SH01" };
    const made = await admin.post("/api/v1/customers", form, { "idempotency-key": `form-${p.n}` });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    await admin.post("/api/v1/customers", form, { "idempotency-key": `form-${p.n}` });
    if (p.n % 4) continue;
    const path = `/api/v1/customers/${made.body.id}`;
    await admin.post("/api/v1/customers/duplicates", { name: p.name, phone: p.phone, email: p.email });
    await admin.post("/api/v1/customers/lookup", { q: p.phone });
    await admin.post("/api/v1/customers/search", { q: p.name });
    await admin.post(`${path}/notes`, { text: `回电 ${p.phone} ${p.email} ${p.name}` });
    await admin.put(`${path}/consents`, { purpose: "marketing", channel: "sms", status: "granted", text_version: "1", proof: `短信 ${p.phone} 回复 ${p.email}` });
    await admin.post(`${path}/reveal`, { fields: ["name", "phone", "email", "address"], purpose: "contact", reason: `来电核实 ${p.phone} ${p.email}` }, { "idempotency-key": `reveal-${p.n}` });
    await admin.put(`${path}/refund-account`, { holder: p.name, bank: `招商银行 ${p.email}`, account: p.phone });
    const shown = await admin.get(path);
    const other = people[650 + Math.floor((p.n - 530) / 4)];
    const patched = await admin.patch(path, { name: other.name, phones: [other.phone] }, { "if-match": `"${shown.body.rev}"` });
    expect(patched.status, JSON.stringify(patched.body)).toBe(200);
  }

  // Events whose properties hold what they should not.
  for (let i = 700; i < 850; i += 25)
    await post(browser, "/v1/batch", {
      batch: group(i, i + 25).flatMap((p) => [
        {
          type: "track", event: "Form Sent", anonymousId: `d-${p.n}`,
          properties: {
            phone: p.phone, Mobile: `+86 ${p.phone.slice(0, 3)}-${p.phone.slice(3, 7)}-${p.phone.slice(7)}`, email: p.email, receiver_name: p.name, shipping_address: p.street, 收货人: p.name,
            comment: `请打 ${p.phone} 找 ${p.name}，${p.street}`, contact_info: p.phone, other: `vx${p.phone}`, list: [p.phone, p.email], deep: { deeper: { q: p.email, name: 1, realname: p.name } },
            number: Number(p.phone), negative: -Number(p.phone), position: 1, mark: openProperty, [p.phone]: 1, [p.email]: true, sku: p.phone, order_id: p.email, category: p.phone, currency: "CNY",
            url: `https://shop.example/a?p=${p.phone}`, path: `/users/${p.phone}`, title: `${p.phone} 的订单`, referrer: `https://x.example/?q=${p.email}`, search: p.name, query: p.email,
          },
          context: { ip: "203.0.113.8", userAgent: `Mozilla ${p.phone}`, page: { title: `${p.email}`, path: `/u/${p.email}`, url: `https://shop.example/?t=${p.phone}`, referrer: `https://m.example/${p.phone}` }, campaign: { source: p.email, name: p.phone, medium: p.phone } },
        },
        { type: "page", name: `资料 ${p.phone}`, anonymousId: p.phone, properties: { title: p.email, url: `https://shop.example/${p.email}` } },
        { type: "group", groupId: p.phone, userId: p.phone, traits: { name: p.name, email: p.email } },
        { type: "alias", previousId: p.phone, userId: p.email },
        { type: "track", event: `Call ${p.phone}`, userId: p.email, properties: {} },
      ]),
    });
  for (const p of group(850, 880))
    await post(server, "/v1/track", {
      event: "Order Completed", userId: `u-${p.n}`, anonymousId: `d-${p.n}`,
      properties: { order_id: p.n % 2 ? p.phone : `W-${p.n}`, total: 10, coupon: p.phone, shipping_address: { street: p.street, name: p.name, phone: p.phone }, products: [{ sku: "K1-M", name: `礼物给 ${p.phone}`, price: 10, coupon: p.email, note: p.name }], buyer_name: p.name },
      context: { traits: { phone: p.phone, email: p.email, name: p.name, address: address(p) } },
    });

  // Calls that can't be taken, requests that fail, things said at the wrong place.
  for (const p of group(880, 920)) {
    const bad = [
      { type: "nonsense", userId: p.phone, traits: { name: p.name, phone: p.phone, address: address(p) }, properties: { remark: p.street, email: p.email } },
      { type: "track", userId: "x", properties: { receiver: { realname: p.name, address: p.street } } },
      p.name, [p.name, p.street], p.street,
      { type: "identify", traits: { name: p.name, anything: p.street, list: [p.name] } },
      { type: "track", event: "Order Completed", userId: "x", properties: { total: p.email, buyer_name: p.name }, context: { traits: { name: p.name, street: p.street } } },
    ];
    await post(browser, "/v1/batch", { batch: bad });
    await fetch(`${url}/v1/track?writeKey=${browser}&phone=${p.phone}&name=${encodeURIComponent(p.name)}`, { method: "POST", body: `{"broken ${p.phone}` });
    await fetch(`${url}/v1/${p.phone}`, { method: "POST", body: "{}" });
  }
  for (const p of group(920, 960)) {
    await admin.get(`/api/v1/customers/${p.phone}`);
    await admin.get(`/api/v1/customers?q=${p.phone}&after=${p.email}&store=${p.phone}`);
    await admin.get(`/nowhere/${encodeURIComponent(p.name)}?email=${p.email}`);
    await admin.post("/api/v1/customers/lookup", { q: p.phone, unknown: p.name });
    await admin.post("/api/v1/customers", { name: p.name, phones: [`${p.phone}9`], emails: [`${p.email}@@`] });
    await admin.post("/api/v1/customers", { name: p.name, [p.phone]: p.email });
    if (p.n % 8 === 0) await fetch(`${url}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json", origin: url }, body: JSON.stringify({ email: p.email, password: p.phone }) });
  }

  // Imports, rows refused among them.
  const lines = group(960, 1000).map((p) => `${p.name},${p.n % 3 === 0 ? "1234" : p.phone},${p.n % 4 === 0 ? "no mail" : p.email},上海市,上海市,静安区,${p.street}`);
  const csv = `name,phone,email,province,city,district,street\n${lines.join("\n")}\n`;
  const folder = mkdtempSync(join(tmpdir(), "zhixin-leak-"));
  writeFileSync(join(folder, "customers.csv"), csv);
  const imported = await zhixin(["import", "customers", join(folder, "customers.csv"), "--data", program.data]).catch((e) => `${e.stdout}${e.stderr}`);
  expect(imported).toMatch(/new=\d+/);
  rmSync(folder, { recursive: true });
  const upload = await fetch(`${url}/api/v1/imports?kind=customers`, { method: "POST", headers: { cookie: admin.cookie, "x-csrf-token": admin.csrf, origin: url, "content-type": "text/csv" }, body: csv });
  expect(upload.status).toBe(202);
  const { job } = (await upload.json()) as { job: string };
  await eventually(async () => (await admin.get(`/api/v1/jobs/${job}`)).body.status === "done");
}

/** Events that say nothing, so many that those before them are sealed into a Parquet segment. */
async function fill() {
  const key = await program.key("write", "filler");
  for (let sent = 0; sent < segmentEvents; sent += 6000)
    await Promise.all(
      Array.from({ length: 4 }, async (_, k) => {
        const batch = Array.from({ length: 1500 }, (_, i) => ({ type: "track", event: "E", anonymousId: `f${i % 97}`, messageId: `f-${sent}-${k}-${i}` }));
        expect((await withKey(program.url, key, "/v1/batch", { batch })).status).toBe(200);
      }),
    );
  const segments = async () => Number(/^zhixin_eventlog_segments (\d+)/m.exec(await (await fetch(`${program.url}/metrics`)).text())?.[1]);
  await eventually(async () => (await segments()) > 0);
}

/* ---- what is searched ---- */

const gunzipAll = (bytes: Buffer): Buffer[] => {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf("\x1f\x8b\x08", 0, "latin1"); at >= 0; at = bytes.indexOf("\x1f\x8b\x08", at + 3, "latin1"))
    try {
      found.push(gunzipSync(bytes.subarray(at), { finishFlush: 2 }));
    } catch {
      // no gzip after all
    }
  return found;
};

async function searchFolder(folder: string, searcher: Searcher): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  const search = (where: string, bytes: Buffer) => {
    const values = searcher.find(bytes);
    if (values.size) found.set(where, values);
  };
  const files: string[] = [];
  for (const [file, bytes] of filesBelow(folder)) {
    files.push(file);
    search(file.slice(folder.length + 1), bytes);
    for (const part of gunzipAll(bytes)) search(`gzip in ${file}`, part);
    search(`the name of ${file}`, Buffer.from(file));
  }
  search("zstd frames", await peek("unpack", ...files));
  search("cells", await peek("cells", folder));
  if (readdirSync(join(folder, "segments")).length === 0) throw new Error("nothing was sealed");
  return found;
}

const summary = (found: Map<string, Set<string>>) => [...found].flatMap(([where, values]) => [`${where}: ${values.size}`, ...[...values].slice(0, 6).map((v) => `  ${v}`)]);

/* ---- the tests ---- */

describe("the search itself", () => {
  const value = people[17];
  const searcher = new Searcher(people.flatMap(markersOf));
  test.each(markersOf(value))("finds %s in every spelling, and nothing in noise", (marker) => {
    for (const [how, bytes] of spellings(marker)) {
      const around = Buffer.concat([Buffer.alloc(randomInt(50), 0xa5), bytes, Buffer.alloc(20, 0x5a)]);
      expect([how, [...searcher.find(around)].some((f) => f.startsWith(`${marker} as`))]).toEqual([how, true]);
    }
    for (let shift = 0; shift < 3; shift++) {
      const packed = Buffer.from(Buffer.concat([Buffer.alloc(shift, "x"), Buffer.from(marker), Buffer.from("yz")]).toString("base64"));
      expect(searcher.find(packed).size).toBeGreaterThan(0);
    }
    expect(searcher.find(Buffer.from("13812345678 王小明 li@example.com 南京西路1266号")).size).toBe(0);
  });
});

test("1,000 people in, none in any file or in the log; what stands open is found", async () => {
  await plant();
  await fill();
  const copies = mkdtempSync(join(tmpdir(), "zhixin-leak-"));
  try {
    await followed(program.admin);
    const leaks = new Searcher(people.flatMap(markersOf));
    const open = new Searcher([openName, openProperty]);
    // As it stands while the server runs, write-ahead logs and all (copied, for the tables are looked at by another reader).
    const live = join(copies, "live");
    for (const [path, bytes] of filesBelow(program.data)) {
      const copy = join(live, path.slice(program.data.length));
      mkdirSync(dirname(copy), { recursive: true });
      writeFileSync(copy, bytes);
    }
    if (!postgres) expect(readdirSync(live)).toContain("zhixin.db-wal");
    log += program.log();
    program.process.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    log += program.log();
    const found = new Map<string, Set<string>>();
    for (const [name, folder] of [["running", live], ["stopped", program.data]]) for (const [where, values] of await searchFolder(folder, leaks)) found.set(`${name} ${where}`, values);
    const inLog = leaks.find(Buffer.from(log));
    if (inLog.size) found.set("log", inLog);
    const exported = Buffer.from(await zhixin(["export", "events", "--data", program.data, "--format", "jsonl"]));
    const inExport = leaks.find(exported);
    if (inExport.size) found.set("export events", inExport);
    expect(log.length).toBeGreaterThan(100);
    expect(summary(found)).toEqual([]);

    // What stands open is found, so the search sees tables, blocks and the warehouse.
    const seen = await searchFolder(program.data, open);
    const all = [...seen.values()].flatMap((values) => [...values]);
    expect(all).toContain(`${openName} as plain`);
    expect(all).toContain(`${openProperty} as plain`);
    expect([...(seen.get("cells") ?? [])].sort()).toEqual([`${openName} as plain`, `${openProperty} as plain`].sort());
    // One unsealed phone in any table is seen as well.
    program.sql(`UPDATE source SET name = '${people[5].phone}' WHERE id = (SELECT min(id) FROM source)`);
    expect((await searchFolder(program.data, leaks)).size).toBeGreaterThan(0);
    const files = [...filesBelow(program.data)];
    console.log(`searched ${files.length} files, ${files.reduce((n, [, bytes]) => n + bytes.length, 0) >> 10} KiB, ${log.length} bytes of log: 0 found`);
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
});
