import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { secret, tokenOf } from "../load/dialects.ts";
import { freePort } from "../run/peers.ts";
import { PinnedProcess } from "../run/pinned-process.ts";

// How long after its opening a page is connected: a page on the client package and Signalbox, beside a page on
// socket.io-client and a bare Socket.IO server. Bundled by Vite, opened in a new browser context each time, in turn.

const { values } = parseArgs({ options: { openings: { type: "string", default: "20" } } });

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "signalbox-first-connection-"));

const programs = {
  signalbox: `import { createClient } from "@signalbox/client";
const [, url, token] = location.hash.split("#");
await createClient({ url, token }).connect();`,
  "socket.io": `import { io } from "socket.io-client";
const [, url] = location.hash.split("#");
const socket = io(url, { transports: ["websocket"] });
await new Promise((resolve) => socket.on("connect", resolve));`,
};
type Page = keyof typeof programs;
const pages = Object.keys(programs) as Page[];

function bundle(): void {
  mkdirSync(join(folder, "node_modules/@signalbox"), { recursive: true });
  symlinkSync(join(root, "client-sdk"), join(folder, "node_modules/@signalbox/client"));
  symlinkSync(join(root, "node_modules/socket.io-client"), join(folder, "node_modules/socket.io-client"));
  for (const page of pages) {
    writeFileSync(join(folder, `${page}.js`), `${programs[page]}\nwindow.connectedAt = performance.now();\n`);
    const head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">';
    writeFileSync(join(folder, `${page}.html`), `${head}<script type="module" src="./${page}.js"></script>`);
  }
  const input = pages.map((page) => `${page}.html`);
  const options = { build: { target: "es2022", rolldownOptions: { input } } };
  writeFileSync(join(folder, "vite.config.js"), `export default ${JSON.stringify(options)};`);
  const vite = join(root, "node_modules/vite/bin/vite.js");
  execFileSync(process.execPath, [vite, "build", "--logLevel", "error"], { cwd: folder });
}

const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

const site = createServer(({ url = "/" }, response) => {
  const type = url.endsWith(".js") ? "text/javascript" : "text/html";
  response.writeHead(200, { "content-type": type }).end(readFileSync(join(folder, "dist", url)));
});
const servers: PinnedProcess[] = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
try {
  bundle();
  await once(site.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;

  const hash: Record<Page, string> = { signalbox: "", "socket.io": "" };
  for (const page of pages) {
    const port = await freePort();
    const program = page === "signalbox" ? "dist/server/main.js" : "dist/bench/bench/peers/socket-io.js";
    const server = new PinnedProcess("server", [process.execPath, join(root, program)], {
      HOST: "127.0.0.1",
      PORT: String(port),
      JWT_SECRET: secret,
      CORS_ORIGINS: origin,
    });
    servers.push(server);
    await server.says("listening");
    hash[page] = `#http://127.0.0.1:${port}#${tokenOf("ada", ["user"])}`;
  }

  const times: Record<Page, number[]> = { signalbox: [], "socket.io": [] };
  for (let opening = 0; opening < Number(values.openings); opening++) {
    for (const name of pages) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${origin}/${name}.html${hash[name]}`);
      await page.waitForFunction("window.connectedAt");
      times[name].push(await page.evaluate<number>("window.connectedAt"));
      await context.close();
    }
  }
  for (const page of pages) {
    console.log(
      `${page}: median ${Math.round(median(times[page]))} ms, longest ${Math.round(Math.max(...times[page]))} ms`,
    );
  }
  console.log(`ratio of the medians: ${(median(times.signalbox) / median(times["socket.io"])).toFixed(2)}`);
} finally {
  await browser.close();
  site.close();
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
