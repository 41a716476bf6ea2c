// The installation that all figures are taken on: a catalogue, so many customers and, sealed, so many events of a year, all
// through the collection endpoint. Kept below build/bench, so that a second run of the same size begins at once.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Installation, install, postgres, Session, serve, zhixin } from "../tests/harness";
import { bytesUnder, metric, portOf, runLoad, sleep } from "./machine";

export interface Prepared {
  data: string;
  email: string;
  password: string;
  /** Keys of a public and of a trusted source. */
  shop: string;
  crm: string;
  customers: number;
  events: number;
  /** What lay on disk before the events, and with them, sealed, the program stopped. */
  bytesBefore: number;
  bytesAfter: number;
  /** What the events added to each part, bytes. */
  parts: Record<string, number>;
}

export const DEVICES = 3_000_000;
const UNSEALED = 300_000; // an open unit of the log is not sealed
const UNSWEPT = 40_000_000; // bytes of such a unit

/** Person n of bench/load.c. */
export const phoneOf = (n: number) => `1${3_612_000_017 + n}`;
const surnames = [..."王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"];
const given = [..."安宁静和雅文思嘉怡敏婷雪梅兰芳丽娜娟英华伟强磊军洋勇杰涛明超秀霞平刚桂晨宇轩涵然"];
export const nameOf = (n: number) =>
  surnames[n % 20] + given[Math.floor(n / 20) % 40] + (Math.floor(n / 800) % 4 ? given[Math.floor(n / 3200) % 40] : "");

/** The 512 styles that the events speak of, in one size each, and a price history of one. */
async function addProducts(admin: Session) {
  const products = Array.from({ length: 512 }, (_, i) => ({
    style: `K${1000 + i}`,
    style_name: `款式 ${1000 + i}`,
    category: ["女装/连衣裙", "女装/外套", "男装/衬衫", "童装/雨衣"][i % 4],
    season: "2026SS",
    launch_day: "2025-09-01",
    sku: `K${1000 + i}-01-M`,
    color: "01 本白",
    size: "M",
    list_price: "1099.00",
    floor_price: "199.00",
    cost: "40.00",
    tax_rate: "13",
  }));
  for (let at = 0; at < products.length; at += 128) {
    const { status } = await admin.post("/api/v1/products", { products: products.slice(at, at + 128) });
    if (status !== 200) throw new Error(`products: ${status}`);
  }
}

const partsOf = (data: string) =>
  Object.fromEntries(
    ["zhixin.db", "keys.db", "segments", "seen", "warehouse.duckdb"].map((name) => [
      name,
      bytesUnder(join(data, name)),
    ]),
  );

async function settled(url: string) {
  for (const [name, most] of [
    ["zhixin_eventlog_tail_events", UNSEALED],
    ["zhixin_eventlog_tail_bytes", UNSWEPT],
  ] as const)
    for (let waited = 0; waited < (postgres ? 0 : 600) && (await metric(url, name)) > most; waited++) await sleep(1000); // there sealed blocks stay ten minutes, for other servers
  for (let waited = 0; waited < 600 && (await metric(url, "zhixin_warehouse_lag_seconds")) > 0; waited++)
    await sleep(100);
}

/** Fills a fresh installation; the program is stopped before and after. */
export async function fill(place: Installation, customers: number, events: number): Promise<Prepared> {
  const key = async (name: string, ...more: string[]) =>
    (await zhixin(["key", "create", "--data", place.data, "--kind", "write", "--source", name, ...more])).trim();
  const crm = await key("crm", "--trusted"),
    shop = await key("shop");
  let running = await serve(place.data);
  await addProducts(await new Session(running.url).login(place.email, place.password));
  const people = await runLoad(portOf(running.url), crm, {
    people: true,
    customers,
    batch: 100,
    connections: 16,
    seconds: 3000,
  });
  console.error(`${customers} customers: ${people.sent_per_s} a second`);
  await settled(running.url);
  await running.stop();
  const bytesBefore = bytesUnder(place.data),
    partsBefore = partsOf(place.data);
  running = await serve(place.data);
  const web = await runLoad(portOf(running.url), shop, {
    customers,
    events,
    days: 365,
    batch: 100,
    connections: 32,
    seconds: 3000,
    seed: 1000,
  });
  console.error(`${events} events: ${web.sent_per_s} a second, sealed beside it`);
  await settled(running.url);
  await running.stop();
  return {
    data: place.data,
    email: place.email,
    password: place.password,
    shop,
    crm,
    customers,
    events,
    bytesBefore,
    bytesAfter: bytesUnder(place.data),
    parts: Object.fromEntries(Object.entries(partsOf(place.data)).map(([name, bytes]) => [name, bytes - partsBefore[name]])),
  };
}

/** A copy to work on; `remove` it. */
export async function prepared(customers: number, events: number): Promise<Prepared & { remove(): void }> {
  const kept = join("build", "bench", `installation-${customers}-${events}`),
    about = join(kept, "about.json");
  if (!existsSync(about)) {
    const made = await fill(await install(), customers, events);
    rmSync(kept, { recursive: true, force: true });
    mkdirSync(kept, { recursive: true });
    execFileSync("cp", ["-a", made.data, join(kept, "data")]);
    rmSync(join(made.data, ".."), { recursive: true, force: true });
    writeFileSync(`${about}.new`, JSON.stringify(made), { mode: 0o600 });
    renameSync(`${about}.new`, about);
  }
  const folder = mkdtempSync(join(tmpdir(), "zhixin-bench-"));
  execFileSync("cp", ["-a", "--reflink=auto", join(kept, "data"), folder]);
  return {
    ...JSON.parse(readFileSync(about, "utf8")),
    data: join(folder, "data"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
