import { SignalboxError } from "../signalbox-error.ts";
import type { ConnectionState } from "./connection-machine.ts";

/** Public state of a connection. `connected`: catching up; `active`: every room has caught up. */
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

/** Why a client is closed. */
export function closeErrorOf(state: ConnectionState): SignalboxError {
  if ((state.name === "unauthorized" || state.name === "closed") && state.error) return new SignalboxError(state.error);
  const reason = state.name === "closed" ? state.reason : state.name;
  return new SignalboxError({ code: "unavailable", message: `The client is closed: ${reason}.`, retryable: false });
}
