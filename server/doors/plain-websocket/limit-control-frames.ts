import type { WebSocket } from "ws";
import { createPacketBucket } from "../../connect/packet-buckets.ts";
import type { Clock } from "../../runtime/clock.ts";

/**
 * Terminates a connection that sends excessive pings and pongs. These are not commands, so the command rate does not
 * limit them, and each ping costs an answer.
 */
export function limitControlFrames(webSocket: WebSocket, { clock }: { clock: Clock }): void {
  const others = createPacketBucket("others", clock);
  const count = () => {
    if (others.take() > 0) webSocket.terminate();
  };
  webSocket.on("ping", count);
  webSocket.on("pong", count);
}
