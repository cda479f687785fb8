#!/usr/bin/env bash
# engine.io 6.6.11: a client of protocol version 3 that opens a WebSocket is let in, and then gets HTTP inside the WebSocket.
#
# Expected: the version is in the URL of the upgrade (EIO=3), so the upgrade is refused with status 400, as polling is.
# Seen:     polling answers 400 with {"code":5,"message":"Unsupported protocol version"}; the upgrade answers 101, and what
#           follows is not a frame but the text of an HTTP response with status 400.
# So:       look at EIO in the `upgrade` event before engine.io gets the request, and refuse there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund engine.io@6.6.11 >/dev/null

cat > show.mjs <<'JS'
import { createServer } from "node:http";
import { connect } from "node:net";
import { Server } from "engine.io";

const httpServer = createServer();
new Server().attach(httpServer);
await new Promise((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
const { port } = httpServer.address();

const polling = await fetch(`http://127.0.0.1:${port}/engine.io/?EIO=3&transport=polling`);
console.log(`polling: ${polling.status} ${await polling.text()}`);

const socket = connect(port, "127.0.0.1");
socket.write(
  [
    "GET /engine.io/?EIO=3&transport=websocket HTTP/1.1",
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n"),
);
let text = "";
socket.setEncoding("latin1").on("data", (data) => (text += data));
await Promise.race([
  new Promise((resolve) => socket.once("close", resolve)),
  new Promise((resolve) => setTimeout(resolve, 2_000)),
]);
const [head, rest = ""] = text.split(/\r\n\r\n(.*)/s);
console.log(`upgrade: ${head.split("\r\n")[0]}`);
console.log(`then: ${JSON.stringify(rest.split("\r\n")[0])}`);
process.exit(0);
JS
node show.mjs | tee seen.txt
diff - seen.txt <<'TXT' && echo "as described, engine.io 6.6.11"
polling: 400 {"code":5,"message":"Unsupported protocol version"}
upgrade: HTTP/1.1 101 Switching Protocols
then: "HTTP/1.1 400 Bad Request"
TXT
