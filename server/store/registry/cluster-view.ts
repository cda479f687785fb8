import type { Instance } from "../../../shared/entities/server-stats.ts";
import type { ConnectionId, InstanceId, UserId } from "../../../shared/ids.ts";
import type { Namespace } from "../../../shared/namespace.ts";
import type { RoomName } from "../../../shared/room.ts";
import type { ConnectionRecord } from "./registry.ts";

interface Page {
  /** The `nextCursor` of the previous page. */
  cursor?: string | undefined;
  limit: number;
}

interface ConnectionsPage extends Page {
  userId?: UserId | undefined;
  namespace?: Namespace | undefined;
}

interface RoomsPage extends Page {
  prefix?: string | undefined;
}

export type LocatedConnection = ConnectionRecord & { instanceId: InstanceId };

/**
 * Reads the reports of all instances in the registry. The cost of a page does not depend on the number of connections.
 * Every method rejects with `Rejection("unavailable")` when the store is unreachable.
 */
export interface ClusterView {
  /** The instances that are up, and the number of rooms with at least one connection. */
  instances(): Promise<{ instances: Instance[]; rooms: number }>;

  /**
   * A page of connections. The order is stable, so a connection that exists while all pages are read is on exactly one
   * of them. Rejects with `invalid_payload` for an invalid cursor.
   */
  connections(page: ConnectionsPage): Promise<{ connections: LocatedConnection[]; nextCursor: string | null }>;

  connection(id: ConnectionId): Promise<LocatedConnection | undefined>;

  /** The number of connections of a user, including those that are being opened. */
  connectionsOf(userId: UserId): Promise<number>;

  /** The ids of those connections, in no particular order. */
  connectionIdsOf(userId: UserId): Promise<ConnectionId[]>;

  /** A page of rooms, sorted by name. */
  rooms(page: RoomsPage): Promise<{ rooms: { room: RoomName; connections: number }[]; nextCursor: string | null }>;

  /** The number of connections in the room. */
  connectionsIn(room: RoomName): Promise<number>;
}
