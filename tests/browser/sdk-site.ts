import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StaticSite } from "./static-site.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** React comes as CommonJS, and a page has modules. */
const commonJs = {
  react: "react/cjs/react.development.js",
  scheduler: "scheduler/cjs/scheduler.development.js",
  "react-dom": "react-dom/cjs/react-dom.development.js",
  "react-dom/client": "react-dom/cjs/react-dom-client.development.js",
};

function reactModule(): string {
  const parts = Object.entries(commonJs).map(([name, file]) => {
    const text = readFileSync(join(root, "node_modules", file), "utf8");
    return `${JSON.stringify(name)}(module, exports, require) {\n${text}\n}`;
  });
  return `const process = { env: { NODE_ENV: "development" } };
const made = {};
const make = { ${parts.join(",\n")} };
export function require(name) {
  if (!made[name]) make[name]((made[name] = { exports: {} }), made[name].exports, require);
  return made[name].exports;
}`;
}

const reactNames =
  "createContext,createElement,useContext,useEffect,useMemo,useRef,useState,useSyncExternalStore,StrictMode";

const page = `<!doctype html><meta charset="utf-8"><title>SDK</title><link rel="icon" href="data:,">
<script type="importmap">{ "imports": {
  "@signalbox/client": "/client-sdk/index.js", "@signalbox/client/element": "/client-sdk/element/define.js",
  "@signalbox/client/session": "/client-sdk/session/index.js",
  "@signalbox/client/react": "/client-sdk/react/index.js",
  "socket.io-client": "/socket.io.js", "react": "/react.js", "react-dom/client": "/react-dom-client.js"
} }</script><main id="main"></main>`;

/** A web server with a page that has the built package, as it is published, and React. */
export async function startSdkSite(): Promise<StaticSite> {
  return StaticSite.start(join(root, "client-sdk/dist"), {
    "/index.html": page,
    "/socket.io.js": readFileSync(join(root, "node_modules/socket.io-client/dist/socket.io.esm.min.js"), "utf8"),
    "/react-all.js": reactModule(),
    "/react.js": `import { require } from "/react-all.js"; export const {${reactNames}} = require("react");`,
    "/react-dom-client.js": `import { require } from "/react-all.js"; export const { createRoot } = require("react-dom/client");`,
  });
}
