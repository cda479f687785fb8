import { ConnectionState } from "../../shared/entities/connection.ts";

/**
 * The life of a connection:
 *
 *   connecting → connected → authenticated → active ⇄ paused
 *                                            active ⇄ reconnecting
 *   any but closed → closing → closed
 */
export const connectionStates = ConnectionState.options;
export type { ConnectionState };

const next: Record<ConnectionState, readonly ConnectionState[]> = {
  connecting: ["connected", "closing"],
  connected: ["authenticated", "closing"],
  authenticated: ["active", "closing"],
  active: ["paused", "reconnecting", "closing"],
  paused: ["active", "closing"],
  reconnecting: ["active", "closing"],
  closing: ["closed"],
  closed: [],
};

export interface StateTransition {
  from: ConnectionState;
  to: ConnectionState;
  /** Milliseconds since 1970. */
  at: number;
}

export interface ConnectionLife {
  state: ConnectionState;
  /** The last transitions, oldest first. */
  history: readonly StateTransition[];
}

export const historyLength = 20;

export const newConnectionLife: ConnectionLife = { state: "connecting", history: [] };

/** The life after a transition, or `undefined` where there is no such transition. */
export function transition(life: ConnectionLife, to: ConnectionState, at: number): ConnectionLife | undefined {
  if (!next[life.state].includes(to)) return undefined;
  return { state: to, history: [...life.history, { from: life.state, to, at }].slice(-historyLength) };
}
