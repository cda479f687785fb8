import { WebSocketServer } from "ws";
import { keepsOrder } from "../wire/self-check.ts";
import { WebSocketWire } from "./web-socket-wire.ts";

let checked: Promise<boolean> | undefined;

/** Whether the internals of `ws` are as expected. Checked once per process. */
export function checkWebSocket(): Promise<boolean> {
  checked ??= check();
  return checked;
}

function check(): Promise<boolean> {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  return keepsOrder({
    path: "/",
    attach(httpServer, connected) {
      httpServer.on("upgrade", (request, socket, head) => {
        server.handleUpgrade(request, socket, head, (webSocket) => {
          const options = { direct: true, backlogBytes: Number.POSITIVE_INFINITY, slow() {} };
          const wire = new WebSocketWire(webSocket, options);
          connected({ wire, writePublicly: (text) => webSocket.send(text), isDirect: () => wire.isDirect });
        });
      });
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  });
}
