import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const sdk = (path: string) => fileURLToPath(new URL(`../client-sdk/${path}`, import.meta.url));
const server = process.env.SIGNALBOX_URL ?? "http://localhost:8000";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // The server puts another one into each answer: server/doors/http/dashboard.ts.
  html: { cspNonce: "NONCE_OF_THE_ANSWER" },
  resolve: {
    // The package from its sources, so that it need not be built first.
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
    rolldownOptions: {
      // Said of every module of the component library, for servers that render components.
      onwarn: (warning, tell) => (warning.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : tell(warning)),
    },
    // What is small stays a file: the policy of the page allows no others.
    assetsInlineLimit: 0,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": server, "/socket.io": { target: server, ws: true } },
  },
});
