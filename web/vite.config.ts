// Builds the console into web/dist, which the program embeds and serves under its own strict policy:
// no inline script, every file from the same origin.
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/garments": "http://127.0.0.1:8080" } },
  build: {
    outDir: "dist",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { moduleLevelDirective: false },
      // What the first page needs at once is one file; pages and what they share follow by use.
      output: { codeSplitting: { groups: [{ name: "ground", tags: ["$initial"] }] } },
    },
  },
});
