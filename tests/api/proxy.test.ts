// Behind a proxy: its word counts about who the client is and how she came, anybody else's does not.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install, type Running, Session, serve } from "../harness";

let place: Installation;
let running: Running;
let admin: Session;

const begin = async (env: Record<string, string>) => {
  place = await install();
  running = await serve(place.data, { env });
  admin = await new Session(running.url).login(place.email, place.password);
};
const end = async () => {
  await running.stop();
  place.remove();
};

const logIn = (headers: Record<string, string>, password = place.password) =>
  fetch(`${running.url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: running.url, ...headers },
    body: JSON.stringify({ email: place.email, password }),
  });
const lastAddress = async (action: string) => {
  const { body } = await admin.get(`/api/v1/audit?action=${action}`);
  return body.items[0].detail.address;
};

describe("without a configured proxy", () => {
  beforeAll(() => begin({}));
  afterAll(end);

  test("forged headers change neither the address nor the cookie", async () => {
    const forged = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
    expect((await logIn(forged, "wrong password")).status).toBe(401);
    expect(await lastAddress("session.refused")).toBe("127.0.0.1");
    const reply = await logIn(forged);
    expect(await lastAddress("session.open")).toBe("127.0.0.1");
    const cookie = reply.headers.getSetCookie()[0];
    expect(cookie).toMatch(/^zhixin_session=/);
    expect(cookie).not.toContain("Secure");
  });
});

describe("with a proxy elsewhere", () => {
  beforeAll(() => begin({ ZHIXIN_SERVER_TRUSTED_PROXIES: "10.0.0.1, 192.168.0.0/16" }));
  afterAll(end);

  test("an untrusted peer's headers are ignored", async () => {
    const reply = await logIn({ "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" });
    expect(reply.headers.getSetCookie()[0]).toMatch(/^zhixin_session=/);
    expect(await lastAddress("session.open")).toBe("127.0.0.1");
  });
});

describe("behind a trusted proxy", () => {
  beforeAll(() => begin({ ZHIXIN_SERVER_TRUSTED_PROXIES: "127.0.0.1" }));
  afterAll(end);

  test("the client is whom the proxy heard, not what the client says of herself", async () => {
    await logIn({ "x-forwarded-for": "6.6.6.6, 203.0.113.9" }, "wrong password");
    expect(await lastAddress("session.refused")).toBe("203.0.113.9");
    await logIn({ "x-forwarded-for": "2001:db8::7" });
    expect(await lastAddress("session.open")).toBe("2001:db8::7");
    await logIn({ "x-forwarded-for": "203.0.113.9, nonsense" });
    expect(await lastAddress("session.open")).toBe("127.0.0.1");
  });

  test("a header in two lines is one list", async () => {
    const body = JSON.stringify({ email: place.email, password: "wrong password" });
    const { hostname, port } = new URL(running.url);
    await new Promise<void>((done) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write(
          `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Type: application/json\r\nX-Forwarded-For: 203.0.113.77\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        ),
      );
      socket.on("data", () => {});
      socket.on("close", () => done());
    });
    expect(await lastAddress("session.refused")).toBe("203.0.113.77");
  });

  test("what came by TLS gets the strict cookie, which then counts", async () => {
    const tls = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" };
    const reply = await logIn(tls);
    const cookie = reply.headers.getSetCookie()[0] ?? "";
    expect(cookie).toMatch(/^__Host-zhixin_session=/);
    expect(cookie).toContain("; Secure");
    const who = (headers: Record<string, string>) =>
      fetch(`${running.url}/api/v1/session`, { headers: { cookie: cookie.split(";")[0] ?? "", ...headers } });
    expect((await who(tls)).status).toBe(200);
    expect((await who({})).status).toBe(401);
  });
});

test("proxies that are not understood stop the start, and say so", async () => {
  place = await install();
  await expect(serve(place.data, { env: { ZHIXIN_SERVER_TRUSTED_PROXIES: "proxy.example" } })).rejects.toThrow("trusted_proxies is not understood");
  place.remove();
});
