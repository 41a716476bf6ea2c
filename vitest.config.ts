// Tests that read as stories: tests/api over HTTP, tests/browser in Chromium; both against the built program. Two cores:
// one file at a time. The limits end what hangs; they are no measure of anything, for the machine may be slow and busy.
import { defineConfig } from "vitest/config";

const patience = Number(process.env.ZHIXIN_PATIENCE ?? 1); // as in tests/harness.ts

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts", "web/src/**/*.test.ts"],
    testTimeout: 900_000 * patience,
    hookTimeout: 900_000 * patience,
    expect: { poll: { timeout: 120_000 * patience, interval: 50 } },
    fileParallelism: false,
    pool: "forks",
  },
});
