import type { Connection } from "../../../shared/entities/connection.ts";
import type { Instance } from "../../../shared/entities/server-stats.ts";
import type { ConnectionId, UserId } from "../../../shared/ids.ts";
import type { Namespace } from "../../../shared/namespace.ts";
import type { Role } from "../../../shared/role.ts";
import type { RoomName } from "../../../shared/room.ts";
import type { StateTransition } from "../../session/connection-state.ts";

/** The state that an instance reports of itself. */
export type InstanceReport = Omit<Instance, "instanceId" | "lastSeen">;

/** A connection as its instance reports it. Times are milliseconds since 1970. */
export interface ConnectionRecord {
  connectionId: ConnectionId;
  userId: UserId;
  name: string | null;
  roles: readonly Role[];
  namespace: Namespace;
  door: Connection["door"];
  state: Connection["state"];
  /** The latest transitions, oldest first. */
  history: readonly StateTransition[];
  rooms: number;
  connectedAt: number;
  lastActivityAt: number;
}

/** The fields that identify a connection and by which it is listed. */
export type ConnectionKey = Pick<ConnectionRecord, "connectionId" | "userId" | "namespace">;

/** The changes since the previous report. */
export interface Changes {
  connections: readonly ConnectionRecord[];
  ended: readonly ConnectionKey[];
  /** Rooms whose number of connections at this instance has changed, with the new number. */
  rooms: readonly (readonly [RoomName, number])[];
}

/**
 * The instances, their connections and their rooms. Each instance reports its own; after {@link reportLastsMs} without a
 * report, everything that it has reported is ignored. Made for monitoring; the one decision that depends on it is how
 * many connections a user may open.
 * Every method rejects with `Rejection("unavailable")` when the store is unreachable. The change may have been made or
 * not, so the instance then has to report everything again.
 */
export interface Registry {
  /**
   * Reports changes. With `report` it is also the heartbeat of the instance. With `isSnapshot`, everything that was reported
   * before is dropped first. Resolves with `false` if the registry does not know the instance, which then has to report
   * everything again.
   */
  report(report: InstanceReport | undefined, changes: Changes, isSnapshot: boolean): Promise<boolean>;

  /**
   * Counts a connection that is about to be opened; it counts until it is reported as ended. `full`: the user already
   * has `limit` connections, on all instances together. `unknown`: the registry does not know the instance, as with
   * {@link report}, and nothing was counted.
   */
  admit(connection: ConnectionKey, limit: number): Promise<"admitted" | "full" | "unknown">;

  /** Removes this instance and everything that it has reported. */
  leave(): Promise<void>;
}

export const noChanges: Changes = { connections: [], ended: [], rooms: [] };

export const reportEveryMs = 2_000;
export const reportLastsMs = 6_000;
