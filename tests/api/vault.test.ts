// The vault's files: the audit that shows every edit, and the server's key that lies nowhere as it is.
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesBelow, type Installation, install, type Running, Session, postgres, serve, zhixin } from "../harness";

let place: Installation;
let running: Running | undefined;
beforeAll(async () => {
  place = await install();
});
afterAll(async () => {
  await running?.stop();
  place.remove();
});

const verify = (...more: string[]) => zhixin(["audit", "verify", "--data", place.data, ...more]);

describe("zhixin audit verify", () => {
  const log = () => join(place.data, "audit.log");

  test("finds a sound file sound, while the installation is being served", async () => {
    running = await serve(place.data);
    const admin = await new Session(running.url).login(place.email, place.password);
    const made = await admin.post("/api/v1/customers", { name: "林晓", phones: ["13900200001"] });
    for (let i = 0; i < 3; i++) {
      const shown = await admin.post(`/api/v1/customers/${made.body.id}/reveal`, { fields: ["phone"], purpose: "contact", reason: `回访客户 ${i}` });
      expect(shown.status).toBe(200);
    }
    const lines = (await verify()).trim().split("\n");
    expect(lines[1]).toBe("all is well");
    expect(lines[0]).toMatch(/^records=\d+ anchor=\d+:[0-9a-f]{64}$/);
    await running.stop();
    running = undefined;
  });

  test("fails when one byte was flipped, and names the line", async () => {
    const sound = readFileSync(log());
    const at = sound.indexOf("回访客户 1");
    const flipped = Buffer.from(sound);
    flipped[at + Buffer.byteLength("回访客户 ")] ^= 1; // "回访客户 0"
    writeFileSync(log(), flipped);
    const line = sound.subarray(0, at).filter((byte) => byte === 10).length + 1;
    await expect(verify()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining(`line ${line} is not what was written`) });
    writeFileSync(log(), sound);
    await verify();
  });

  test("finds a file cut short by the anchor that was noted before", async () => {
    const anchor = /anchor=(\S+)/.exec(await verify())?.[1] ?? "";
    expect(await verify("--anchor", anchor)).toContain("all is well");
    const sound = readFileSync(log());
    writeFileSync(log(), sound.subarray(0, sound.lastIndexOf("\n", sound.length - 2) + 1));
    expect(await verify()).toContain("all is well"); // the shorter chain is sound by itself
    await expect(verify("--anchor", anchor)).rejects.toMatchObject({ code: 1 });
    writeFileSync(log(), sound);
  });

  test("says what it needs", async () => {
    await expect(verify("--anchor", "1:zz")).rejects.toMatchObject({ code: 2 });
    await expect(zhixin(["audit", "show", "--data", place.data])).rejects.toMatchObject({ code: 2 });
    expect(await zhixin(["audit", "--help"])).toContain("--anchor");
    await expect(zhixin(["audit", "verify", "--data", "/nowhere"])).rejects.toMatchObject({ code: 1 });
  });
});

describe("the server's key", () => {
  const keys = (statement: string) => place.keysSql(statement);
  const found = (secret: Buffer) =>
    [...filesBelow(place.data)].flatMap(([file, bytes]) =>
      bytes.includes(secret) || bytes.includes(secret.toString("hex")) || bytes.includes(secret.toString("base64")) ? [file] : [],
    );

  // Only files ever held it so.
  test.skipIf(postgres)("that an older version left as it is gets wrapped, and is in no file any more", async () => {
    expect(keys("SELECT length(secret) FROM server_secret")).toBe("77");
    const plain = randomBytes(32);
    keys(`UPDATE server_secret SET secret = x'${plain.toString("hex")}'`);
    expect(found(plain).length).toBeGreaterThan(0);
    running = await serve(place.data);
    await new Session(running.url).login(place.email, place.password);
    expect(found(plain)).toEqual([]);
    await running.stop();
    running = await serve(place.data); // and opens again
    await new Session(running.url).login(place.email, place.password);
    await running.stop();
    running = undefined;
    expect(found(plain)).toEqual([]);
    expect(keys("SELECT length(secret) FROM server_secret")).toBe("77");
  });

  test("opens with its keyring only: without it the program says so and does not start", async () => {
    const key = join(place.data, "unseal.key");
    renameSync(key, `${key}.away`);
    await expect(serve(place.data)).rejects.toThrow(/vault_down/);
    renameSync(`${key}.away`, key);
    running = await serve(place.data);
    await running.stop();
    running = undefined;
  });
});
