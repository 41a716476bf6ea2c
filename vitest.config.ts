// Tests that read as stories: tests/api over HTTP, tests/browser in Chromium; both against the built program. Two cores:
// one file at a time.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts", "web/src/**/*.test.ts"],
    testTimeout: 120000,
    hookTimeout: 120000,
    fileParallelism: false,
    pool: "forks",
  },
});
