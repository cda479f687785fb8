#!/usr/bin/env bash
# Node 20.20.2 and 24.21.0, node:http: server.close() throws away a request that has arrived and is not read yet.
#
# Expected: close() stops accepting connections and lets requests that have reached the server be answered; only idle
#           keep-alive connections are closed.
# Seen:     a keep-alive connection whose next request lies in the socket, not read yet, counts as idle: close() destroys
#           it, the handler never sees the request, and the client gets ECONNRESET or "socket hang up". A proxy that does
#           not repeat POSTs passes on an error.
# So:       when a process stops, let the event loop turn before close(), so that what has arrived is read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > show.mjs <<'JS'
import { createServer } from "node:http";
import { connect } from "node:net";

async function stopWith(waitTurns) {
  let handled = 0;
  const server = createServer((request, response) => {
    handled++;
    response.end("ok");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect(server.address().port, "127.0.0.1");
  let received = "";
  client.setEncoding("latin1").on("data", (data) => (received += data));
  client.on("error", () => {});
  const closed = new Promise((resolve) => client.once("close", resolve));
  const request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  client.write(request);
  while (!received.endsWith("ok\r\n0\r\n\r\n") && !received.endsWith("ok")) await new Promise(setImmediate);

  // It is in the server's socket when the call returns: both ends are on this machine.
  client.write(request);
  for (let turn = 0; turn < waitTurns; turn++) await new Promise(setImmediate);
  server.close();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1_000))]);
  client.destroy();
  console.log(`${waitTurns} turns before close(): ${handled} of 2 requests handled`);
}
await stopWith(0);
await stopWith(2);
JS
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node24@npm:node@24.21.0 >/dev/null
for package in node20 node24; do
  node="node_modules/$package/bin/node"
  echo "node $("$node" -p process.versions.node)" | tee -a seen.txt
  "$node" show.mjs | tee -a seen.txt
done

diff - seen.txt <<'TXT' && echo "as described, Node 20.20.2 and 24.21.0"
node 20.20.2
0 turns before close(): 1 of 2 requests handled
2 turns before close(): 2 of 2 requests handled
node 24.21.0
0 turns before close(): 1 of 2 requests handled
2 turns before close(): 2 of 2 requests handled
TXT
