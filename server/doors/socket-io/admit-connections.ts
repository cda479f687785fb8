import type { Clock } from "../../clock.ts";
import type { Admission } from "../../connect/admission.ts";
import type { Logger } from "../../observe/logger.ts";
import { type EngineConnection, guardPackets } from "./packet-guard.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/** Counts the connections that the engine has taken, and what they send beside commands. */
export function admitConnections(
  { engine }: SocketIoServer,
  { admission, clock, logger }: { admission: Admission; clock: Clock; logger: Logger },
): void {
  engine.on("connection", (connection: EngineConnection) => {
    connection.on("close", admission.entered(connection.request));
    guardPackets(connection, clock, (what) => {
      logger.warn("connection closed", { reason: "rate_limited", what });
    });
  });
}
