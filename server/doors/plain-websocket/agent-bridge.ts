import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { limits } from "../../../shared/limits.ts";
import type { Admission } from "../../connect/admission.ts";
import { NotifyingWebSocketServer } from "../wire/notifying-web-socket.ts";
import { BridgeConnection, type BridgeOptions } from "./bridge-connection.ts";
import { limitControlFrames } from "./limit-control-frames.ts";

interface AgentBridgeOptions extends BridgeOptions {
  admission: Admission;
}

interface AgentBridge {
  /** Takes an upgrade whose path and origin are checked. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

/** Agents in any language: flat JSON frames over a WebSocket at `/ws/agent-bridge`. */
export function createAgentBridge(options: AgentBridgeOptions): AgentBridge {
  const server = new NotifyingWebSocketServer({
    noServer: true,
    maxPayload: limits.unknownClientBytes,
    perMessageDeflate: false,
  });
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const place = options.admission.entered(request);
        webSocket.once("close", () => options.admission.left(place));
        limitControlFrames(webSocket, options);
        void new BridgeConnection(webSocket, request, options);
      }),
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
