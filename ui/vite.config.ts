import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  // The window and the browser host serve the interface from their own root.
  base: "./",
  build: {
    target: "es2022",
    // Inlined assets would be data: addresses, which the content security policy refuses.
    assetsInlineLimit: 0,
    // CodeMirror and the Markdown renderer are in a chunk that only an opened document loads.
    chunkSizeWarningLimit: 700,
  },
  // Otherwise the development server finds what a document needs only when one is opened, and reloads the page.
  optimizeDeps: { entries: ["index.html", "src/**/*.ts", "src/**/*.svelte"] },
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
  },
});
