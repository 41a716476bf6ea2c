// The server itself: files, errors, limits, collection's rules of the wire, the event stream, repeated requests, deadlines.
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { becomes, eventually, install, type Program, serve, startProgram, zhixin } from "../harness";

let program: Program;
let key: string;
beforeAll(async () => {
  program = await startProgram();
  key = await program.key("write", "shop");
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

const call = (path: string, init: RequestInit = {}) => fetch(program.url + path, { redirect: "manual", ...init });
const event = (id: string) =>
  JSON.stringify({ type: "track", event: "Seen", anonymousId: "a", messageId: id, writeKey: key });

/** Sends bytes as they are, and gives what came back until the server closed. */
function raw(bytes: Buffer | string): Promise<string> {
  const { hostname, port } = new URL(program.url);
  return new Promise((done) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let got = "";
    socket.on("data", (data) => {
      got += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => done(got));
  });
}

describe("errors", () => {
  test("have one shape, a reference, and the language that was asked for", async () => {
    const en = await call("/api/v1/nothing", { headers: { "accept-language": "en" } });
    expect(en.status).toBe(404);
    const body = (await en.json()) as any;
    expect(body.error).toMatchObject({ code: "not_found", field: null, request_id: en.headers.get("x-request-id") });
    const zh = (await (
      await call("/api/v1/nothing", { headers: { "accept-language": "zh-CN,zh;q=0.9" } })
    ).json()) as any;
    expect(zh.error.message).not.toBe(body.error.message);
  });

  test("name what the path allows", async () => {
    const reply = await call("/api/v1/staff", { method: "DELETE" });
    expect(reply.status).toBe(405);
    expect(reply.headers.get("allow")).toBe("GET, POST");
  });

  test("tell malformed bodies from wrong ones", async () => {
    const post = async (body: string, type = "application/json") =>
      (await call("/api/v1/session", { method: "POST", body, headers: { "content-type": type } })).status;
    expect(await post("{")).toBe(400);
    expect(await post("[]")).toBe(400);
    expect(await post('{"email":"a\\u0000b","password":"x"}')).toBe(400);
    expect(await post("{}")).toBe(422);
    expect(await post('{"email":"a","password":"x"}', "text/plain")).toBe(415);
    expect(await post(`{"email":"${"a".repeat(2_000_000)}"}`)).toBe(413);
  });
});

describe("files", () => {
  test("come packed, are known again, and carry the page's policy", async () => {
    const first = await call("/i18n/en.json");
    expect(first.status).toBe(200);
    expect(first.headers.get("content-security-policy")).toContain("script-src 'self';");
    expect(first.headers.get("cross-origin-opener-policy")).toBe("same-origin");
    const plain = await call("/i18n/en.json", { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.json()).toEqual(await first.json());
    const again = await call("/i18n/en.json", { headers: { "if-none-match": first.headers.get("etag")! } });
    expect(again.status).toBe(304);
    expect((await call("/no/such.js")).status).toBe(404);
  });

  test("never leave their folder", async () => {
    for (const path of [
      "/../../etc/passwd",
      "/i18n/../../etc/passwd",
      "/i18n/%2e%2e/%2e%2e/etc/passwd",
      "//etc/passwd",
      "/i18n/en.json%00.html",
    ])
      expect(await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).not.toContain("root:");
  });
});

describe("collection", () => {
  test("answers browsers of any site, and their preflight", async () => {
    const preflight = await call("/v1/t", {
      method: "OPTIONS",
      headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    for (const name of ["Authorization", "Content-Type", "AnonymousId", "X-Retry-Count"])
      expect(preflight.headers.get("access-control-allow-headers")).toContain(name);
    const post = await call("/v1/t", {
      method: "POST",
      body: event("cors-1"),
      headers: { origin: "https://shop.example", "content-type": "text/plain" },
    });
    expect(post.status).toBe(200);
    expect(post.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(
      (await call("/api/v1/staff", { headers: { origin: "https://shop.example" } })).headers.get(
        "access-control-allow-origin",
      ),
    ).toBeNull();
  });

  test("takes any content type, packed bodies, and pieces", async () => {
    const post = async (body: BodyInit, headers: Record<string, string>) =>
      (await call("/v1/track", { method: "POST", body, headers })).status;
    expect(await post(event("ct-1"), { "content-type": "application/x-www-form-urlencoded" })).toBe(200);
    expect(await post(gzipSync(event("ct-2")), { "content-encoding": "gzip" })).toBe(200);
    expect(await post(gzipSync(Buffer.alloc(5_000_000)), { "content-encoding": "gzip" })).toBe(413);
    expect(await post("not gzip", { "content-encoding": "gzip" })).toBe(400);
    expect(await post(event("ct-3"), { "content-encoding": "br" })).toBe(415);
    expect(await post(Buffer.alloc(600_000), {})).toBe(413);
    const body = event("ct-4");
    const pieces = [...body].map((c) => `1\r\n${c}\r\n`).join("");
    const reply = await raw(
      `POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${pieces}0\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 200 /);
    const empty = await raw(
      "POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
    );
    expect(empty).toMatch(/^HTTP\/1\.1 4/);
  });
});

describe("limits", () => {
  test("of headers and of an undeclared body", async () => {
    const many = Array.from({ length: 80 }, (_, i) => `X-H${i}: 1`).join("\r\n");
    expect(await raw(`GET /healthz HTTP/1.1\r\nHost: x\r\n${many}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 4/,
    );
    expect(
      await raw(`GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\nConnection: close\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 4/);
  });

  test.runIf(process.env.ZHIXIN_TEST_LONG)("cut a client that drips its request", async () => {
    const { hostname, port } = new URL(program.url);
    // However slow this machine is, she is cut by the deadline: the test waits for nothing else, and dripping would go on.
    await new Promise<void>((done) => {
      const socket = connect(Number(port), hostname, () => socket.write("GET /healthz HTTP/1.1\r\nX: "));
      const drip = setInterval(() => socket.write("a"), 500);
      socket.on("error", () => {});
      socket.on("close", () => {
        clearInterval(drip);
        done();
      });
    });
  });
});

describe("a repeated POST", () => {
  const make = (id: string, name: string) =>
    program.admin.post("/api/v1/customers", { name }, { "idempotency-key": id });
  test("with its key does nothing again and gets the same reply", async () => {
    const first = await make("once-1", "周杰");
    expect(first.status).toBeLessThan(300);
    const again = await make("once-1", "周杰");
    expect(again.body).toEqual(first.body);
    expect(again.status).toBe(first.status);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    const other = await make("once-1", "别人");
    expect(other.status).toBe(409);
    expect(other.body.error).toMatchObject({ field: "Idempotency-Key", cause: "reused" });
    expect((await make("once-2", "周杰")).body.id).not.toBe(first.body.id);
  });
});

/** Reads an event stream; `next` gives the next event that satisfies the test. */
async function listen(path: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const reply = await fetch(program.url + path, {
    headers: { cookie: program.admin.cookie, ...headers },
    signal: stop.signal,
  });
  expect(reply.headers.get("content-type")).toContain("text/event-stream");
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (wanted: (e: { id?: string; event: string; data: any }) => boolean) => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end < 0) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream ended");
        text += value;
        continue;
      }
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split("\n")
          .map((line) => line.split(/: (.*)/s).slice(0, 2)),
      );
      text = text.slice(end + 2);
      if (fields.event && wanted({ ...fields, data: JSON.parse(fields.data) } as any))
        return { ...fields, data: JSON.parse(fields.data) };
    }
  };
  return { next, close: () => stop.abort() };
}

describe("the event stream", () => {
  test("brings an accepted event within a second", async () => {
    const stream = await listen("/api/v1/stream?topics=live");
    // Unless the machine is busy with others just then; one that looked only now and then would never be so quick.
    for (let n = 1, ms = Infinity; ms >= 1000; n++) {
      const sent = Date.now();
      await call("/v1/track", { method: "POST", body: event(`sse-${n}`) });
      const live = await stream.next((e) => e.event === "live" && e.data.name === "Seen");
      ms = Date.now() - sent;
      expect(live.data.status).toBe("accepted");
      expect(n).toBeLessThan(20);
    }
    stream.close();
  });

  test("wants a topic and a login", async () => {
    expect((await program.admin.get("/api/v1/stream?topics=gossip")).status).toBe(422);
    expect((await call("/api/v1/stream?topics=live")).status).toBe(401);
  });

  test("holds hundreds of listeners and forgets those that leave", async () => {
    const open = async () => {
      const text = await (await call("/metrics")).text();
      return Number(/^zhixin_http_streams (\d+)/m.exec(text)![1]);
    };
    const fewer = (count: number) =>
      eventually(async () => {
        await call("/v1/track", { method: "POST", body: event(`sse-${Math.random()}`) }); // who left is found out by writing to him
        return (await open()) <= count;
      });
    await fewer(0);
    const streams = await Promise.all(Array.from({ length: 200 }, () => listen("/api/v1/stream?topics=live")));
    await becomes(open, 200);
    await call("/v1/track", { method: "POST", body: event("sse-many") });
    await Promise.all(streams.map((s) => s.next((e) => e.event === "live")));
    for (const s of streams) s.close();
    await fewer(0);
  });
});

test("figures satisfy promtool's grammar", async () => {
  const text = await (await call("/metrics")).text();
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(
      /^(# (HELP|TYPE) zhixin_\w+ .+|zhixin_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+|zhixin_\w+_bucket\{.*\} \d+)$/,
    );
  expect(text).toContain("zhixin_http_collected_total");
});

test("the command and the server give the same document", async () => {
  const served = (await (await call("/api/v1/openapi.json")).json()) as any;
  expect(JSON.parse(await zhixin(["openapi"]))).toEqual(served);
  for (const [path, methods] of Object.entries<any>(served.paths))
    for (const [method, operation] of Object.entries<any>(methods))
      expect(operation["x-permission"], `${method} ${path}`).toBeTruthy();
});

test("settings do what they say, and a wrong one is named", async () => {
  const place = await install();
  const told = async (env: Record<string, string>) => {
    const running = await serve(place.data, { env });
    expect(await running.stop()).toBe(0);
    return running.log();
  };
  expect(await told({})).toContain('"level":"info"');
  expect(await told({ ZHIXIN_LOG_LEVEL: "warn", ZHIXIN_WAREHOUSE_REST_S: "0" })).not.toContain('"level":"info"');
  await expect(told({ ZHIXIN_LOG_LEVEL: "loud" })).rejects.toThrow("[log] level: loud is none of debug, info, warn, error");
  await expect(told({ ZHIXIN_SERVER_WORKERS: "0" })).rejects.toThrow("ZHIXIN_SERVER_WORKERS: not a number above 0");
  place.remove();
});
