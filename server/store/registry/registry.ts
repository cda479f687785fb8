import type { Connection } from "../../../shared/entities/connection.ts";
import type { Instance } from "../../../shared/entities/server-stats.ts";
import type { ConnectionId, UserId } from "../../../shared/ids.ts";
import type { Namespace } from "../../../shared/namespace.ts";
import type { Role } from "../../../shared/role.ts";
import type { RoomName } from "../../../shared/room.ts";
import type { StateTransition } from "../../session/connection-state.ts";

/** What an instance says of itself. */
export type InstanceReport = Omit<Instance, "instanceId" | "lastSeen">;

/** A connection as an instance tells of it. Times are milliseconds since 1970. */
export interface ConnectionRecord {
  connectionId: ConnectionId;
  userId: UserId;
  name: string | null;
  roles: readonly Role[];
  namespace: Namespace;
  door: Connection["door"];
  state: Connection["state"];
  /** The newest transitions, oldest first. */
  history: readonly StateTransition[];
  rooms: number;
  connectedAt: number;
  lastActivityAt: number;
}

/** A connection by what it is found by. */
export type ConnectionKey = Pick<ConnectionRecord, "connectionId" | "userId" | "namespace">;

/** What is different since the report before. */
export interface Changes {
  connections: readonly ConnectionRecord[];
  ended: readonly ConnectionKey[];
  /** How many connections of this instance are in each of these rooms now. */
  rooms: readonly (readonly [RoomName, number])[];
}

/**
 * Which instances there are, and what they carry. Each says so itself, and is left out with all that it has said when
 * it has not for six seconds. For people and platforms to look at; the one thing that is decided by it is how many
 * connections a user may have.
 * Every method rejects with `Rejection("unavailable")` when the store is out of reach: then it is not known what of it
 * has come about, and everything is to be said afresh.
 */
export interface Registry {
  /**
   * Says what has changed; with a report, that the instance lives. `afresh`: all that was said before is to be
   * forgotten. Resolves with `false` when nothing is known of this instance: everything is to be said afresh.
   */
  report(report: InstanceReport | undefined, changes: Changes, afresh: boolean): Promise<boolean>;

  /**
   * Counts a connection that is about to be opened, until it is said to have ended. `full`: its user has as many as
   * that already, on all instances together. `unknown`: as with {@link report}; nothing was counted.
   */
  admit(seat: ConnectionKey, limit: number): Promise<"admitted" | "full" | "unknown">;

  /** Says that this instance is gone. */
  leave(): Promise<void>;
}

export const noChanges: Changes = { connections: [], ended: [], rooms: [] };

export const reportEveryMs = 2_000;
export const reportLastsMs = 6_000;
