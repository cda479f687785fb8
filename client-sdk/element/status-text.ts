import type { ConnectionState } from "../connection/connection-machine.ts";

/** Connection quality, by round-trip time. */
type Quality = "good" | "fair" | "poor";

export function qualityOf(roundTripMs: number): Quality {
  if (roundTripMs < 150) return "good";
  return roundTripMs < 500 ? "fair" : "poor";
}

/** What a person is told of a connection, without the seconds to the next attempt. */
export function statusText(status: ConnectionState): string {
  switch (status.name) {
    case "idle":
      return "Not connected";
    case "authenticating":
    case "opening":
      return status.tries.attempt > 0 ? `Connecting again, attempt ${status.tries.attempt}` : "Connecting";
    case "restoring":
      return "Catching up";
    case "active":
      return "Connected";
    case "waiting":
      return `Connection lost, attempt ${status.tries.attempt}`;
    case "offline":
      return "No network";
    case "unauthorized":
      return "Sign in again";
    case "closed":
      return status.reason === "client" ? "Disconnected" : `Disconnected: ${status.reason.replaceAll("_", " ")}`;
  }
}
