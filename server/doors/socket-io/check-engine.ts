import { Server } from "socket.io";
import { keepsOrder } from "../wire/self-check.ts";
import { EngineWire } from "./engine-wire.ts";

let ownEngine: Promise<boolean> | undefined;

/** Whether Engine.IO's internals are as expected with this WebSocket implementation; default: its own. */
export function checkEngine(wsEngine?: unknown): Promise<boolean> {
  if (wsEngine !== undefined) return check(wsEngine);
  // Checked once per process.
  ownEngine ??= check(undefined);
  return ownEngine;
}

function check(wsEngine: unknown): Promise<boolean> {
  const io = new Server({
    transports: ["websocket"],
    serveClient: false,
    perMessageDeflate: false,
    ...(wsEngine === undefined ? {} : { wsEngine }),
  });
  return keepsOrder({
    path: "/socket.io/?EIO=4&transport=websocket",
    attach(httpServer, connected) {
      io.attach(httpServer);
      io.engine.on("connection", (connection) => {
        const wire = new EngineWire(connection, { direct: true, backlogBytes: Number.POSITIVE_INFINITY });
        connected({
          wire,
          writePublicly: (text) => connection.write(text.slice(1)),
          isDirect: () => wire.isDirect,
        });
      });
    },
    close: () => void io.close(),
  });
}
