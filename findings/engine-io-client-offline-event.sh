#!/usr/bin/env bash
# engine.io-client 6.6.8: a browser's `offline` event closes a connection that works.
#
# Expected: `offline` is a hint, since browsers report it for a lost VPN or a closed Wi-Fi while the server is still
#           reachable (a loopback address, a wired network); the connection ends when its heartbeat is missed.
# Seen:     the event closes the socket at once ("network connection lost"), for every host but the name `localhost`;
#           there is no option against it.
# So:       a client that must survive such reports reconnects at once, and does not count them as failures.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund engine.io@6.6.11 engine.io-client@6.6.8 >/dev/null

cat > show.mjs <<'JS'
import { createServer } from "node:http";
import { Server } from "engine.io";

// What a page has, as far as the client asks for it.
const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.removeEventListener = page.removeEventListener.bind(page);
const { Socket } = await import("engine.io-client");

const httpServer = createServer();
new Server().attach(httpServer);
await new Promise((resolve) => httpServer.listen(0, resolve));
const { port } = httpServer.address();
for (const host of ["127.0.0.1", "localhost"]) {
  const socket = new Socket(`ws://${host}:${port}`, { transports: ["websocket"] });
  await new Promise((resolve) => socket.once("open", resolve));
  let closed = "stays open";
  socket.once("close", (reason, details) => {
    closed = `${reason}, ${details?.description ?? ""}`;
  });
  page.dispatchEvent(new Event("offline"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  console.log(`${host}: ${closed}`);
  socket.close();
}
process.exit(0);
JS
node show.mjs | tee seen.txt

diff - seen.txt <<'TXT' && echo "as described, engine.io-client 6.6.8"
127.0.0.1: transport close, network connection lost
localhost: stays open
TXT
