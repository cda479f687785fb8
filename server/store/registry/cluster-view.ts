import type { Instance } from "../../../shared/entities/server-stats.ts";
import type { ConnectionId, InstanceId, UserId } from "../../../shared/ids.ts";
import type { Namespace } from "../../../shared/namespace.ts";
import type { RoomName } from "../../../shared/room.ts";
import type { ConnectionRecord } from "./registry.ts";

export interface Page {
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
  limit: number;
}

export interface ConnectionsPage extends Page {
  userId?: UserId | undefined;
  namespace?: Namespace | undefined;
}

export interface RoomsPage extends Page {
  prefix?: string | undefined;
}

export type LocatedConnection = ConnectionRecord & { instanceId: InstanceId };

/**
 * What the instances have said in the registry, all together. A page costs the same however much there is.
 * Every method rejects with `Rejection("unavailable")` when the store is out of reach.
 */
export interface ClusterView {
  /** Those that are up, and how many rooms have somebody in them. */
  instances(): Promise<{ instances: Instance[]; rooms: number }>;

  /**
   * In an order that does not change while they are there, so that pages neither repeat nor leave out one that is there
   * all the time. A cursor that no page gave is rejected with `invalid_payload`.
   */
  connections(page: ConnectionsPage): Promise<{ connections: LocatedConnection[]; nextCursor: string | null }>;

  connection(id: ConnectionId): Promise<LocatedConnection | undefined>;

  /** How many connections a user has, those included that are being opened. */
  connectionsOf(userId: UserId): Promise<number>;

  /** In the order of their names. */
  rooms(page: RoomsPage): Promise<{ rooms: { room: RoomName; connections: number }[]; nextCursor: string | null }>;

  /** How many connections are in the room. */
  connectionsIn(room: RoomName): Promise<number>;
}
