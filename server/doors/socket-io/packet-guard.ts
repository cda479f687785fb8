import type { Socket } from "socket.io";
import type { Clock } from "../../clock.ts";
import { createPacketBudgets } from "../../connect/packet-budgets.ts";

export type EngineConnection = Socket["conn"];

/** Of Socket.IO's packets, the two whose number is not limited here alone. */
const connectPacket = "0";
const eventPacket = "2";

/**
 * Ends a connection that sends packets beyond any need, whoever it belongs to and before anything is parsed. Events are
 * left to the router, which knows whose they are.
 */
export function guardPackets(connection: EngineConnection, clock: Clock, flooded: (what: string) => void): void {
  const { entering, others } = createPacketBudgets(clock);
  connection.on("packet", ({ type, data }: { type: string; data?: unknown }) => {
    const kind = type === "message" && typeof data === "string" ? data.charAt(0) : "";
    if (kind === eventPacket) return;
    if ((kind === connectPacket ? entering : others).take() === 0) return;
    flooded(kind === connectPacket ? "CONNECT packets" : "packets");
    connection.close(true);
  });
}
