// Files come in: every row ends as new, updated, same or refused, and the rows add up. By command on a stopped
// installation, by command on a running one, and as an upload.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  eventually,
  followed,
  type Installation,
  install,
  type Program,
  realData,
  Session,
  serve,
  startProgram,
  zhixin,
} from "../harness";

const folder = mkdtempSync(join(tmpdir(), "zhixin-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Buffer) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const counts = (output: string) => {
  const last = output.trim().split("\n").at(-1) ?? "";
  const found = /^new=(\d+) updated=(\d+) same=(\d+) refused=(\d+)$/.exec(last);
  if (!found) throw new Error(`no counts in: ${output}`);
  const [, fresh, updated, same, refused] = found.map(Number);
  return { fresh, updated, same, refused };
};

describe("on a running installation", () => {
  let program: Program;
  const command = async (kind: string, path: string, ...more: string[]) =>
    counts(await zhixin(["import", kind, path, "--data", program.data, ...more]));
  beforeAll(async () => {
    program = await startProgram();
  });
  afterAll(async () => {
    expect(await program.stop()).toBe(0);
  });

  const day =
    "小票号,款台,日期,商品编码,品名,数量,实收,会员手机\n" +
    "0001,1,2026-03-01 10:00,K1-M,裙,1,399.00,13912340001\n" +
    "0002,1,2026-03-01 11:00,K1-L,裙,2,700.00,\n" +
    "0001,1,2026-03-01 10:00,K2-S,衫,1,199.00,13912340001\n" +
    "0003,1,2026-03-01 12:00,K2-M,衫,1,199.005,\n" +
    "0003,1,2026-03-01 12:00,K1-M,裙,1,399.00,\n" +
    "0004,1,昨天,K1-M,裙,1,399.00,\n" +
    '0005,1,2026-03-01 13:00,K1-M,"裙"x,1,399.00,\n';

  test("a day file of a store: taken once, refused rows beside it with their reasons", async () => {
    const path = file("day.csv", day);
    expect(await command("receipts", path, "--store", "SH01", "--dry-run")).toEqual({
      fresh: 3,
      updated: 0,
      same: 0,
      refused: 4,
    });
    expect(await command("receipts", path, "--store", "SH01")).toEqual({ fresh: 3, updated: 0, same: 0, refused: 4 });
    const refused = readFileSync(`${path}.refused.csv`, "utf8").trim().split("\r\n");
    expect(refused[0]).toBe("reason,row,小票号,款台,日期,商品编码,品名,数量,实收,会员手机");
    expect(refused.slice(1).map((line) => line.split(",").slice(0, 2))).toEqual([
      ["paid: too_precise", "5"],
      ["row 5 of the same document: paid: too_precise", "6"],
      ["time: malformed", "7"],
      ["row: quote", "8"],
    ]);
    expect(await command("receipts", path, "--store", "SH01")).toEqual({ fresh: 0, updated: 0, same: 3, refused: 4 });
  });

  test("who bought is found by her phone, with both lines of the receipt", async () => {
    const { body } = await program.admin.post("/api/v1/customers/lookup", { q: "13912340001" });
    const { body: orders } = await program.admin.get(`/api/v1/customers/${body.items[0].id}/orders`);
    expect(orders.items).toHaveLength(1);
    expect(orders.items[0]).toMatchObject({
      number: "0001",
      total: "598.00",
      units: 2,
      business_day: "2026-03-01",
      member: true,
    });
    const { body: receipt } = await program.admin.get(`/api/v1/orders/${orders.items[0].id}`);
    expect(receipt.store.code).toBe("SH01");
    expect(receipt.at).toBe("2026-03-01T02:00:00.000Z");
    expect(receipt.lines.map((l: { sku: string; paid: string }) => [l.sku, l.paid])).toEqual([
      ["K1-M", "399.00"],
      ["K2-S", "199.00"],
    ]);
  });

  test("the same number with another content is a conflict, and changes nothing", async () => {
    const path = file("again.csv", day.replace("399.00,13912340001", "398.00,13912340001"));
    expect(await command("receipts", path, "--store", "SH01")).toEqual({ fresh: 0, updated: 0, same: 1, refused: 6 });
    expect(readFileSync(`${path}.refused.csv`, "utf8")).toContain("other_content,2,");
  });

  test("GB18030 with semicolons, as the old till writes it", async () => {
    // 单号;时间;货号;金额 / 9;2026/3/1 9:00;裙;¥10
    const text = Buffer.concat([
      Buffer.from("b5a5bac53bcab1bce43bbbf5bac53bbdf0b6ee0a", "hex"),
      Buffer.from("9;2026/3/1 9:00;", "latin1"),
      Buffer.from("c8b9", "hex"),
      Buffer.from(";10\n", "latin1"),
    ]);
    expect(await command("receipts", file("gb.csv", text), "--store", "SH01")).toEqual({
      fresh: 1,
      updated: 0,
      same: 0,
      refused: 0,
    });
  });

  test("customers: new, then the same, then updated; nobody without an identifier", async () => {
    const head = "姓名,性别,手机,会员卡,城市,标签\n";
    const path = file(
      "people.csv",
      `${head}李雷,男,13912340002,88000001,上海,VIP\n韩梅梅,女,13912340003,,,\n无名,女,,,,\n`,
    );
    expect(await command("customers", path)).toEqual({ fresh: 2, updated: 0, same: 0, refused: 1 });
    expect(await command("customers", path)).toEqual({ fresh: 0, updated: 0, same: 2, refused: 1 });
    const moved = file("moved.csv", `${head}李蕾,女,13912340002,88000001,上海,VIP\n`);
    expect(await command("customers", moved)).toEqual({ fresh: 0, updated: 1, same: 0, refused: 0 });
  });

  test("products", async () => {
    const head = "款号,SKU,品名,品类,颜色,尺码,吊牌价,成本,条码\n";
    const path = file(
      "products.csv",
      `${head}K1,K1-M,连衣裙,女装/连衣裙,米白,M,"1,599.00",320,6901234567892\nK1,K1-L,连衣裙,女装/连衣裙,米白,L,便宜,320,\n`,
    );
    expect(await command("products", path)).toEqual({ fresh: 1, updated: 0, same: 0, refused: 1 });
    const { body } = await program.admin.get("/api/v1/products?q=6901234567892");
    expect(body.items[0]).toMatchObject({ sku: "K1-M", list_price: "1599.00", cost: "320.00" });
  });

  test("an upload is a job; its refusals can be fetched and hold no personal value", async () => {
    const send = (query: string, body: string) =>
      fetch(`${program.url}/api/v1/imports?${query}`, {
        method: "POST",
        body,
        headers: {
          cookie: program.admin.cookie,
          "x-csrf-token": program.admin.csrf,
          origin: program.url,
          "content-type": "text/csv",
        },
      });
    expect((await send("kind=receipts&store=SH01", "小票号,日期\n1,2\n")).status).toBe(422);
    expect((await send("kind=secrets", "a\n")).status).toBe(422);
    expect((await send("kind=receipts&path=/etc/passwd", "")).status).toBe(403);
    const reply = await send(
      "kind=receipts&store=SH01",
      `${day.split("\n")[0]}\n0011,2,2026-03-02 10:00,K1-M,裙,x,1,13912340009\n0012,2,2026-03-02 10:00,K1-M,裙,1,1,\n`,
    );
    expect(reply.status).toBe(202);
    const { job } = await reply.json();
    const done = await eventually(async () => {
      const { body } = await program.admin.get(`/api/v1/jobs/${job}`);
      return body.status === "done" && body;
    });
    expect(done.result).toMatchObject({ new: 1, updated: 0, same: 0, refused: 1, rows: 2 });
    const refused = await program.admin.get(`/api/v1/imports/${job}/refused`);
    expect(refused.status).toBe(200);
    expect(refused.body).toBe("reason,row\r\nquantity: wrong_type,2\r\n");
  });

  test("a map file names the columns, and what is wrong with it is said", async () => {
    const csv = file("odd.csv", "bon,wann,artikel,summe,qty\n77,2026-03-02 10:00,K1-M,5,9\n");
    const map = file("odd.map", "bon = number\nwann = time\nartikel = sku\nsumme = paid\nqty = -\nstore := SH02\n");
    expect(await command("receipts", csv, "--map", map)).toEqual({ fresh: 1, updated: 0, same: 0, refused: 0 });
    const wrong = file("wrong.map", "bon = nummer\n");
    await expect(command("receipts", csv, "--map", wrong)).rejects.toThrow(/no_such_field nummer/);
  });
});

describe("interrupted", () => {
  let program: Program;
  const rows = 40_000;
  const job = async () =>
    (await program.admin.get("/api/v1/jobs")).body.items.find((j: { kind: string }) => j.kind === "import");
  const start = (path: string) =>
    zhixin(["import", "receipts", path, "--data", program.data, "--store", "SH01"]);
  const long = (prefix: string) =>
    file(
      `${prefix}.csv`,
      `number,time,sku,quantity,paid\n${Array.from({ length: rows }, (_, i) => `${prefix}${i >> 1},2026-03-01 10:00,K${i % 50},1,${i % 100 === 7 ? "1.234" : "9.90"}\n`).join("")}`,
    );
  const underWay = () =>
    eventually(async () => {
      const found = await job();
      return found?.status === "running" && found.done > 0 && found.done < rows && found;
    });
  /** The server process below the supervisor. */
  const serverPid = () =>
    Number(
      execFileSync("pgrep", ["-P", String(program.process.pid), "-f", "server-process"], { encoding: "utf8" })
        .trim()
        .split("\n")[0],
    );
  beforeAll(async () => {
    program = await startProgram();
  });
  afterAll(async () => {
    await program.stop();
  });

  test("killed in the middle, it goes on where it was, and the rows still add up", async () => {
    const path = long("a");
    start(path).catch(() => undefined); // the command loses its server; the job does not mind
    await underWay();
    process.kill(serverPid(), "SIGKILL");
    const done = await eventually(async () => {
      const found = await job().catch(() => undefined);
      return found?.status === "done" && found;
    });
    const { new: fresh, updated, same, refused } = done.result;
    expect(fresh + updated + same + refused).toBe(rows);
    expect(refused).toBe((rows / 100) * 2); // the bad row and the other one of its receipt
    expect(readFileSync(`${path}.refused.csv`, "utf8").trim().split("\r\n")).toHaveLength(refused + 1);
    const { body } = await program.admin.get("/api/v1/orders?limit=1");
    expect(body.total.count).toBe(10_000); // exact up to here, then "about"
    expect(body.total.exact).toBe(false);
  });

  test("cancelled, it stops", async () => {
    const command = start(long("b")).then(
      () => "done",
      (error: Error) => error.message,
    );
    const running = await underWay();
    expect((await program.admin.post(`/api/v1/jobs/${running.id}/cancel`)).status).toBe(200);
    expect(await command).toMatch(/cancelled/);
  });
});

describe("real data, whole", () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await install();
  });
  afterAll(() => installation.remove());

  /** The independent computation: SQL over the raw file. */
  const sql = (csv: string, query: string) =>
    execFileSync("sqlite3", [":memory:", "-cmd", ".mode csv", "-cmd", `.import ${csv} t`, query], {
      encoding: "utf8",
      maxBuffer: 1 << 20,
    }).trim();
  const truth = (query: string) => installation.sql(query).replaceAll("|", ",");
  const unpack = (path: string) =>
    file(path.split("/").at(-1)?.replace(".gz", "") ?? "", gunzipSync(readFileSync(path)));

  test("a quarter of a web shop: 105,335 dirty lines", async ({ skip }) => {
    const data = realData("online_retail_uci");
    if (!data) return skip("online_retail_uci is not there");
    const csv = unpack(join(data, readdirSync(data).find((n) => n.endsWith(".csv.gz")) ?? ""));
    const rows = Number(sql(csv, "SELECT count(*) FROM t"));
    const n = counts(await zhixin(["import", "orders", csv, "--data", installation.data]));
    expect(n).toEqual({ fresh: rows, updated: 0, same: 0, refused: 0 });
    const raw = sql(
      csv,
      "SELECT count(DISTINCT InvoiceNo), CAST(round(sum(round(Quantity * UnitPrice * 100))) AS INTEGER), sum(Quantity), count(DISTINCT CustomerID) - 1 FROM t",
    );
    expect(
      truth(
        "SELECT count(*), sum(total_minor), sum(units), count(DISTINCT CASE WHEN member = 1 THEN customer_id END) FROM sale",
      ),
    ).toBe(raw);
    const again = counts(await zhixin(["import", "orders", csv, "--data", installation.data]));
    expect(again).toEqual({ fresh: 0, updated: 0, same: rows, refused: 0 });
  });

  test("75,000 lines of a grocer, shuffled", async ({ skip }) => {
    const data = realData("completejourney");
    if (!data) return skip("completejourney is not there");
    const csv = unpack(join(data, "transactions_sample.csv.gz"));
    const [rows, nothing] = sql(csv, "SELECT count(*), sum(quantity = 0) FROM t").split(",").map(Number);
    const n = counts(await zhixin(["import", "receipts", csv, "--data", installation.data]));
    expect(n).toEqual({ fresh: rows - nothing, updated: 0, same: 0, refused: nothing });
    const raw = sql(
      csv,
      "SELECT count(DISTINCT basket_id), CAST(round(sum(round(sales_value * 100))) AS INTEGER), sum(quantity), count(DISTINCT household_id) FROM t WHERE quantity <> 0",
    );
    expect(
      truth(
        "SELECT count(*), sum(total_minor), sum(units), count(DISTINCT CASE WHEN member = 1 THEN customer_id END) FROM sale WHERE channel = 'store'",
      ),
    ).toBe(raw);
    expect(existsSync(`${csv}.refused.csv`)).toBe(true);
    expect(readFileSync(`${csv}.refused.csv`, "utf8").trim().split("\r\n").length).toBe(nothing + 1);
  });

  test("the overview says what the raw files say", async ({ skip }) => {
    const [web, store] = [realData("online_retail_uci"), realData("completejourney")];
    if (!web || !store) return skip("the real data are not there");
    const running = await serve(installation.data);
    const admin = await new Session(running.url).login(installation.email, installation.password);
    // Sales are what was sold; what came back stands beside it.
    const csv = join(
      folder,
      readdirSync(folder).find((n) => n.startsWith("online_retail") && n.endsWith(".csv")) ?? "",
    );
    const [sold, returned] = sql(
      csv,
      "SELECT sum(CASE WHEN Quantity > 0 THEN round(Quantity * UnitPrice * 100) ELSE 0 END) / 100, -sum(CASE WHEN Quantity < 0 THEN round(Quantity * UnitPrice * 100) ELSE 0 END) / 100 FROM t",
    )
      .split(",")
      .map(Number);
    await followed(admin);
    const { tiles } = (await admin.get("/api/v1/overview?from=2010-12-01&to=2011-02-28")).body;
    const value = (key: string) => Number(tiles.find((t: { key: string }) => t.key === key).value);
    expect(value("sales")).toBe(sold);
    expect(value("return_rate_amount")).toBeCloseTo((100 * returned) / sold, 1);
    expect(await running.stop()).toBe(0);
  });
});
