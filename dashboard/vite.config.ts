import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const sdk = (path: string) => fileURLToPath(new URL(`../client-sdk/${path}`, import.meta.url));
const server = process.env.SIGNALBOX_URL ?? "http://localhost:8000";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Replaced with a new nonce in each response: server/doors/http/dashboard.ts.
  html: { cspNonce: "CSP_NONCE" },
  // Relative: the server completes the paths, since it may be below a path of a larger site.
  base: "./",
  resolve: {
    // The client package from source, so that it need not be built first.
    alias: [
      { find: /^@signalbox\/client$/, replacement: sdk("index.ts") },
      { find: /^@signalbox\/client\/(react|session)$/, replacement: sdk("$1/index.ts") },
    ],
  },
  build: {
    outDir: "../dist/dashboard",
    emptyOutDir: true,
    target: "es2022",
    manifest: true,
    // One style sheet, loaded with the page: Vite would not load that of a screen again after a failure.
    cssCodeSplit: false,
    rolldownOptions: {
      // Mantine marks every module with "use client", which has no meaning here.
      onwarn: (warning, warn) => (warning.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : warn(warning)),
    },
    // The Content-Security-Policy forbids inline assets.
    assetsInlineLimit: 0,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": server, "/socket.io": { target: server, ws: true } },
  },
});
