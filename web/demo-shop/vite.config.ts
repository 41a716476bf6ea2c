// Builds the demo shop into web/dist/demo-shop: a second page set beside the console, after it (the console's build empties
// web/dist). Run: vite build web/demo-shop
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/demo-shop/",
  publicDir: false,
  server: {
    proxy: {
      "/demo-shop/api": "http://127.0.0.1:8080",
      "/v1": "http://127.0.0.1:8080",
      "/garments": "http://127.0.0.1:8080",
    },
  },
  build: {
    outDir: "../dist/demo-shop",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
