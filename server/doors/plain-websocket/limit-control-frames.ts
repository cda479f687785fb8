import type { WebSocket } from "ws";
import { createPacketBucket } from "../../connect/packet-buckets.ts";
import type { Clock } from "../../runtime/clock.ts";

/**
 * Ends a connection that sends pings and pongs beyond any need: they are no frames of the contract, which are counted
 * as commands, and each ping is answered.
 */
export function limitControlFrames(webSocket: WebSocket, { clock }: { clock: Clock }): void {
  const others = createPacketBucket("others", clock);
  const count = () => {
    if (others.take() > 0) webSocket.terminate();
  };
  webSocket.on("ping", count);
  webSocket.on("pong", count);
}
