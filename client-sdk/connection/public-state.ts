import type { ConnectionState } from "./connection-machine.ts";

/** What an application sees of a connection. `active`: every room is caught up with. */
export type PublicState = "disconnected" | "connecting" | "connected" | "active" | "reconnecting" | "closed";

export const publicStates = {
  idle: "disconnected",
  authenticating: "connecting",
  opening: "connecting",
  restoring: "connected",
  active: "active",
  waiting: "reconnecting",
  offline: "reconnecting",
  unauthorized: "closed",
  closed: "closed",
} as const satisfies Record<ConnectionState["name"], PublicState>;

export function publicStateOf(state: ConnectionState): PublicState {
  return publicStates[state.name];
}
