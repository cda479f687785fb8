import type { CloseReason, ConnectionState } from "../connection/connection-machine.ts";

/** Connection quality, by round-trip time. */
type Quality = "good" | "fair" | "poor";

export function qualityOf(roundTripMs: number): Quality {
  if (roundTripMs < 150) return "good";
  return roundTripMs < 500 ? "fair" : "poor";
}

const closeTexts: Record<CloseReason, string> = {
  client: "Disconnected",
  attempts_exceeded: "Cannot reach the server",
  refused: "The server refused the connection",
  server_shutdown: "The server has shut down",
  token_expired: "Sign in again",
  revoked: "Access was revoked",
  kicked: "Disconnected by an administrator",
  heartbeat_lost: "Connection lost",
  slow_consumer: "Connection too slow",
  rate_limited: "Disconnected: too many requests",
  protocol_error: "Disconnected: protocol error",
  replaced: "Replaced by another connection",
};

/** Description of a connection for users, without the time of the next attempt. */
export function statusText(status: ConnectionState): string {
  switch (status.name) {
    case "idle":
      return "Not connected";
    case "authenticating":
    case "opening":
      return status.tries.attempt > 0 ? "Reconnecting" : "Connecting";
    case "restoring":
      return "Catching up";
    case "active":
      return "Connected";
    case "waiting":
      return "Cannot reach the server";
    case "offline":
      return "No network connection";
    case "unauthorized":
      return "Sign in again";
    case "closed":
      return closeTexts[status.reason];
  }
}
