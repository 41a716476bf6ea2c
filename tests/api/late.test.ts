// What comes too late or twice: goods that are filed after they were sold, requests that are sent again, files that are large.
import { readdirSync, readlinkSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Program, startProgram, withKey, zhixin } from "../harness";

let program: Program;
let till: string;
let server: string;
beforeAll(async () => {
  program = await startProgram();
  till = await program.key("api", "till", true);
  server = await program.key("write", "shop-server", true);
  await program.admin.post("/api/v1/stores", { stores: [{ code: "SH01", name: "静安店", kind: "own" }] });
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

describe("goods that are filed after they were sold", () => {
  const sell = async (number: string, sku: string) => {
    const reply = await withKey(program.url, till, "/api/v1/receipts", {
      store: "SH01", till: "1", number, time: "2026-03-01T13:40:00+08:00", currency: "CNY", kind: "receipt", member: { phone: "13900300001" },
      lines: [{ line_no: 1, sku, name: "柜台手写", quantity: 1, list_price: "399.00", paid: "399.00", tax_rate: "13" }],
      tenders: [{ type: "cash", amount: "399.00" }],
    });
    expect(reply.body.results[0].outcome).toBe("new");
    return reply.body.results[0].id as string;
  };
  const styleOf = async (id: string) => (await program.admin.get(`/api/v1/orders/${id}`)).body.lines[0].style_id;
  const figures = async () => (await program.admin.get("/api/v1/overview/styles?from=2026-02-01&to=2026-03-31")).body.items;

  test("join their style: by SKU, by barcode, in the figures, and the same after a rebuild", async () => {
    const bySku = await sell("L1", "K7-01-M"), byBarcode = await sell("L2", "6901234567892"), never = await sell("L3", "GONE-1");
    expect([await styleOf(bySku), await styleOf(byBarcode)]).toEqual([null, null]);
    await eventually(async () => (await zhixin(["verify", "--data", program.data])).includes("all is well")); // the follower saw them unknown
    const put = await program.admin.post("/api/v1/products", {
      products: [{ style: "K7", style_name: "亚麻衬衫", category: "女装/衬衫", sku: "K7-01-M", barcode: "6901234567892", list_price: "399.00", cost: "100.00" }],
    });
    expect(put.body.results[0].outcome).toBe("new");
    const style = await styleOf(bySku);
    expect(style).toMatch(/^\d+$/);
    expect(await styleOf(byBarcode)).toBe(style);
    expect(await styleOf(never)).toBeNull();
    const row = await eventually(async () => (await figures())?.find((s: any) => s.style === "K7" && s.sold === 2));
    expect(row).toMatchObject({ name: "亚麻衬衫", sales: "798.00" });
    expect(await zhixin(["verify", "--data", program.data])).toContain("all is well"); // followed and made anew are the same
  });

  test("are called by their name in her story", async () => {
    await withKey(program.url, server, "/v1/batch", {
      batch: [
        { type: "identify", userId: "u-300", anonymousId: "d-300", messageId: "s-1", traits: { phone: "13900300001" } },
        { type: "track", event: "Product Viewed", userId: "u-300", anonymousId: "d-300", messageId: "s-2", properties: { product_id: "K7-01-M", sku: "K7-01-M" } },
        { type: "track", event: "Product Viewed", userId: "u-300", anonymousId: "d-300", messageId: "s-3", properties: { product_id: "GONE-1", sku: "GONE-1" } },
      ],
    });
    const id = (await program.admin.post("/api/v1/customers/lookup", { q: "13900300001" })).body.items[0].id;
    const views = await eventually(async () => {
      const { body } = await program.admin.get(`/api/v1/customers/${id}/timeline?kind=web`);
      const found = (body.items ?? []).filter((i: any) => i.title === "Product Viewed");
      return found.length === 2 && found;
    });
    const names = Object.fromEntries(views.map((v: any) => [v.detail.product, v.detail.product_name]));
    expect(names).toEqual({ "K7-01-M": "亚麻衬衫", "GONE-1": undefined });
  });
});

describe("requests that are sent again", () => {
  test("with their key get the first answer, and do nothing twice: people, sources, keys, imports", async () => {
    const { admin } = program;
    const twice = async (path: string, body: unknown) => {
      const header = { "idempotency-key": `again-${path}` };
      const one = await admin.post(path, body, header), two = await admin.post(path, body, header);
      expect(one.status, JSON.stringify(one.body)).toBeLessThan(300);
      expect([two.status, two.body]).toEqual([one.status, one.body]);
      expect(two.headers.get("idempotent-replayed")).toBe("true");
      const other = await admin.post(path, { ...(body as object), name: "other" }, header);
      expect(other.status).toBeGreaterThanOrEqual(400);
      return one.body;
    };
    await twice("/api/v1/staff", { email: "again@zhixin.example", name: "再来", role: "agent", password: "a long enough password" });
    const source = await twice("/api/v1/sources", { code: "again", name: "again", kind: "web" });
    const { key } = await twice(`/api/v1/sources/${source.id}/keys`, { kind: "api", trusted: false });
    expect(key).toMatch(/^za_/);
    expect((await admin.get("/api/v1/sources")).body.items.find((s: any) => s.id === source.id).keys).toHaveLength(1);

    const send = () =>
      fetch(`${program.url}/api/v1/imports?kind=customers`, {
        method: "POST",
        headers: { cookie: admin.cookie, "x-csrf-token": admin.csrf, origin: program.url, "content-type": "text/csv", "idempotency-key": "again-import" },
        body: "name,phone\n再一次,13900300009\n",
      });
    const before = (await admin.get("/api/v1/jobs")).body.items.length;
    const one = (await (await send()).json()) as any, two = (await (await send()).json()) as any;
    expect(one.job).toMatch(/^\d+$/);
    expect(two).toEqual(one);
    expect((await admin.get("/api/v1/jobs")).body.items.length).toBe(before + 1);
  });
});

describe("a large body", () => {
  /** All descriptors of the program's processes. */
  const descriptors = () => {
    const root = program.process.pid as number;
    const pids = [root, ...readFileSync(`/proc/${root}/task/${root}/children`, "utf8").trim().split(" ").map(Number)];
    return pids.flatMap((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return []; // the vault shows nothing of itself
      }
    });
  };

  test("lies in memory while it comes in, in no file of the disk", async () => {
    const { hostname, port } = new URL(program.url);
    const socket = connect(Number(port), hostname);
    await new Promise((open) => socket.once("connect", open));
    socket.write(
      `POST /api/v1/imports?kind=customers HTTP/1.1\r\nHost: x\r\nCookie: ${program.admin.cookie}\r\nX-CSRF-Token: ${program.admin.csrf}\r\nContent-Type: text/csv\r\nContent-Length: 4000000\r\n\r\n`,
    );
    socket.write("name,phone\n林晓,13900300010\n".repeat(60_000));
    const bytes = async () => Number(/zhixin_http_body_bytes (\d+)/.exec(await (await fetch(`${program.url}/metrics`)).text())?.[1]);
    await eventually(async () => (await bytes()) > 1 << 20);
    const held = descriptors().find((at) => at.includes("memfd:zhixin-body"));
    expect(held).toContain("deleted");
    expect(descriptors().filter((at) => at.startsWith(program.data) && at.includes("(deleted)"))).toEqual([]);
    socket.destroy();
    await eventually(async () => (await bytes()) === 0);
  });
});

test("a salutation is in the reader's language", async () => {
  const made = await program.admin.post("/api/v1/customers", { name: "李明", gender: "f", phones: ["13900300020"] });
  const said = async (language: string) =>
    (await program.admin.call("GET", `/api/v1/customers/${made.body.id}`, undefined, { "accept-language": language })).body.salutation;
  expect([await said("zh-CN"), await said("zh-TW"), await said("en")]).toEqual(["李女士", "李女士", "Ms 李"]);
  const nobody = await program.admin.post("/api/v1/customers", { phones: ["13900300021"] });
  const named = async (language: string) =>
    (await program.admin.call("GET", `/api/v1/customers/${nobody.body.id}`, undefined, { "accept-language": language })).body.salutation;
  expect([await named("zh-CN"), await named("zh-TW"), await named("en")]).toEqual(["顾客", "顧客", "Customer"]);
});
