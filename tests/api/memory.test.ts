// The analytical store with less memory than its work needs: it is kept as it is, says so, and goes on once it has more.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually, followed, install, serve, Session, sharesWarehouse, withKey, zhixin } from "../harness";

// A database that all servers share has its memory elsewhere.
test.skipIf(sharesWarehouse)("too little memory sets nothing aside, and is named", async () => {
  const place = await install();
  const key = (await zhixin(["key", "create", "--data", place.data, "--kind", "write", "--source", "shop", "--trusted"])).trim();
  const overview = (admin: Session) => admin.get("/api/v1/overview?from=2026-01-01&to=2026-12-31");
  const send = async (url: string, count: number) => {
    for (let i = 0; i < count; i++) {
      const batch = Array.from({ length: 400 }, (_, n) =>
        n % 2
          ? { type: "identify", messageId: randomUUID(), anonymousId: randomUUID(), userId: `u${i}-${n}` }
          : {
              type: "track",
              event: "Product Viewed",
              messageId: randomUUID(),
              anonymousId: randomUUID(),
              properties: { product_id: `P${n}`, category: `category ${n}` },
            },
      );
      expect((await withKey(url, key, "/v1/batch", { batch })).status).toBe(200);
    }
  };
  let running = await serve(place.data);
  let admin = await new Session(running.url).login(place.email, place.password);
  await send(running.url, 2);
  await followed(admin);
  expect(await running.stop()).toBe(0);

  running = await serve(place.data, { env: { ZHIXIN_WAREHOUSE_MEMORY_MIB: "4" } });
  admin = await new Session(running.url).login(place.email, place.password);
  await send(running.url, 30);
  await overview(admin);
  await eventually(async () => running.log().includes('"warehouse.memory"'));
  expect(existsSync(join(place.data, "warehouse.duckdb.bad"))).toBe(false);
  expect(running.log()).toContain("raise [warehouse] memory_mib");
  expect((await admin.get("/api/v1/customers")).status).toBe(200);
  expect(await running.stop()).toBe(0);

  running = await serve(place.data);
  admin = await new Session(running.url).login(place.email, place.password);
  await followed(admin);
  expect(running.log()).not.toContain("warehouse.set_aside");
  expect(await running.stop()).toBe(0);
  await zhixin(["verify", "--data", place.data]); // ends with another status, and this rejects, when anything is wrong
  place.remove();
});
