// Tests that read as stories: tests/api over HTTP, tests/browser in Chromium; both against the built program, each file with
// installations of its own, so a few run at once: they mostly wait. The limits end what hangs; they are no measure of anything, for the machine may be slow and busy.
import { defineConfig } from "vitest/config";

const patience = Number(process.env.ZHIXIN_PATIENCE ?? 1); // as in tests/harness.ts

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts", "web/src/**/*.test.ts"],
    testTimeout: 900_000 * patience,
    hookTimeout: 900_000 * patience,
    expect: { poll: { timeout: 120_000 * patience, interval: 50 } },
    maxWorkers: 2,
    pool: "forks",
  },
});
