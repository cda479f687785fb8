import { Server } from "socket.io";
import { NotifyingWebSocketServer } from "../wire/notifying-web-socket.ts";
import { unknownParts } from "../wire/self-check.ts";
import { arrivalOf, contractParser } from "./contract-parser.ts";
import { EngineBacklog } from "./engine-backlog.ts";
import { EngineWire, unknownEnginePartsOf } from "./engine-wire.ts";
import { forgetRequest, unforgottenPartsOf } from "./forget-request.ts";

let ownEngine: Promise<string[]> | undefined;

/**
 * The internals of Socket.IO, its engine and its parser that are not as expected, with this WebSocket implementation;
 * default: its own.
 */
export function checkEngine(wsEngine?: unknown): Promise<string[]> {
  if (wsEngine !== undefined) return check(wsEngine);
  // Checked once per process.
  ownEngine ??= check(NotifyingWebSocketServer);
  return ownEngine;
}

/** A CONNECT, and an event that requests a reply. */
const [entering, asking] = ["40", '4217["hello"]'];

function check(wsEngine: unknown): Promise<string[]> {
  const io = new Server({
    transports: ["websocket"],
    serveClient: false,
    perMessageDeflate: false,
    parser: contractParser,
    wsEngine,
  });
  return unknownParts({
    path: "/socket.io/?EIO=4&transport=websocket",
    says: [entering, asking],
    attach(httpServer, connected) {
      io.attach(httpServer);
      io.engine.on("connection", (connection) => {
        const backlog = new EngineBacklog();
        connection.on("packetCreate", (packet: { data?: unknown }) => backlog.add(packet));
        connection.on("flush", () => backlog.clear());
        const wire = new EngineWire(connection, backlog, { direct: true, backlogBytes: Number.POSITIVE_INFINITY });
        io.on("connection", (socket) => {
          forgetRequest(socket);
          socket.use((packet) => {
            const { bytes, id, isMeasured } = arrivalOf(packet);
            const isNoted = isMeasured && bytes === asking.length - 1 && id === 17;
            connected({
              wire,
              writePublicly: (text) => connection.write(text.slice(1)),
              isDirect: () => wire.isDirect,
              unknown: [
                ...unknownEnginePartsOf(connection),
                ...unforgottenPartsOf(socket),
                ...(isNoted ? [] : ["decoded packets"]),
              ],
            });
          });
        });
      });
    },
    close: () => void io.close(),
  });
}
