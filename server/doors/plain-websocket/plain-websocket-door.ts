import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Envelope } from "../../../shared/envelope.ts";
import type { EventFrame } from "../../../shared/plain-websocket/frames.ts";
import type { Admission } from "../../connect/admission.ts";
import type { Drain } from "../../connect/drain.ts";
import type { Sink } from "../../deliver/sink.ts";
import { SubscriberIndex } from "../../deliver/subscriber-index.ts";
import { TextFrame } from "../../deliver/text-frame.ts";
import { NotifyingWebSocketServer } from "../wire/notifying-web-socket.ts";
import { refuseUpgrade } from "../wire/refuse-upgrade.ts";
import { type AcceptOptions, acceptConnection } from "./accept-connection.ts";
import { createAgentBridge } from "./agent-bridge.ts";
import { limitControlFrames } from "./limit-control-frames.ts";
import { urlOf } from "./url-of.ts";

interface PlainWebSocketDoorOptions extends AcceptOptions {
  httpServer: HttpServer;
  drain: Drain;
  admission: Admission;
  /** Path of the Socket.IO door, whose upgrades are left to it; `undefined` when it takes none. */
  socketIoPath: string | undefined;
  /** `false`: upgrades are refused. */
  enabled: boolean;
  /** `deliveries` is incremented for every event that is put into an outbox. */
  counters: { deliveries: number };
}

interface PlainWebSocketDoor extends Sink {
  close(): Promise<void>;
}

const bridgePath = "/ws/agent-bridge";

/** The door for clients in any language: JSON frames over a WebSocket at `/ws`, and agents at `/ws/agent-bridge`. */
export function createPlainWebSocketDoor(options: PlainWebSocketDoorOptions): PlainWebSocketDoor {
  const { httpServer, drain, admission, origins, socketIoPath } = options;
  const server = new NotifyingWebSocketServer({
    noServer: true,
    maxPayload: options.messageBytes,
    perMessageDeflate: false,
  });
  const bridge = createAgentBridge(options);
  const subscribers = new SubscriberIndex(options.counters);

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // The same test as Engine.IO's, on the raw URL and with the slash: an upgrade that neither takes would hang.
    if (socketIoPath !== undefined && request.url?.startsWith(`${socketIoPath}/`)) return;
    socket.on("error", () => socket.destroy());
    const { pathname } = urlOf(request);
    const isKnown = pathname === "/ws" || pathname === bridgePath;
    if (!isKnown || !options.enabled) return refuseUpgrade(socket, 404, "Not Found");
    if (drain.started) return refuseUpgrade(socket, 503, "Service Unavailable");
    const refusal = origins.refusalOf(request.headers);
    if (refusal !== undefined) return refuseUpgrade(socket, 403, "Forbidden", refusal);
    const refused = admission.refusalOf(request);
    if (refused) return refuseUpgrade(socket, refused.status, refused.message);
    admission.begin(() => {
      if (pathname === bridgePath) return bridge.upgrade(request, socket, head);
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const place = admission.entered(request);
        webSocket.once("close", () => admission.left(place));
        limitControlFrames(webSocket, options);
        void acceptConnection(webSocket, request, subscribers, options);
      });
    });
  };
  httpServer.on("upgrade", onUpgrade);

  return {
    deliver(event, channels) {
      subscribers.fanOut(channels, () => new TextFrame(JSON.stringify(eventFrame(event))));
    },
    async close() {
      options.scheduler.flush();
      httpServer.off("upgrade", onUpgrade);
      for (const client of server.clients) client.terminate();
      await bridge.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function eventFrame({ type, room, timestamp, data, id, position, sender }: Envelope): EventFrame {
  const payload = { topic: room, eventType: type, data, id, sender, ...(position && { position }) };
  return { type: "event", timestamp, payload };
}
