import { WebSocketServer } from "ws";
import { unknownPartsOf } from "../wire/raw-socket.ts";
import { unknownParts } from "../wire/self-check.ts";
import { WebSocketWire } from "./web-socket-wire.ts";

let checked: Promise<string[]> | undefined;

/** The internals of `ws` that are not as expected. Checked once per process. */
export function checkWebSocket(): Promise<string[]> {
  checked ??= check();
  return checked;
}

function check(): Promise<string[]> {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  return unknownParts({
    path: "/",
    says: [],
    attach(httpServer, connected) {
      httpServer.on("upgrade", (request, socket, head) => {
        server.handleUpgrade(request, socket, head, (webSocket) => {
          const options = { direct: true, backlogBytes: Number.POSITIVE_INFINITY, slow() {} };
          const wire = new WebSocketWire(webSocket, options);
          connected({
            wire,
            writePublicly: (text) => webSocket.send(text),
            isDirect: () => wire.isDirect,
            unknown: unknownPartsOf(webSocket),
          });
        });
      });
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  });
}
