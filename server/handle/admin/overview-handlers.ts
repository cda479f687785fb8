import type { Connection } from "../../../shared/entities/connection.ts";
import type { ServerStats } from "../../../shared/entities/server-stats.ts";
import type { RoomName } from "../../../shared/room.ts";
import type { RoomView } from "../../operate/room-view.ts";
import { timestampAt } from "../../runtime/clock.ts";
import type { ClusterView, LocatedConnection } from "../../store/registry/cluster-view.ts";
import type { Handlers } from "../handler.ts";

export interface OverviewHandlersDeps {
  clusterView: ClusterView;
  readStats(): Promise<ServerStats>;
  readRoom(room: RoomName): Promise<RoomView>;
}

/** The commands of admins that only read. SPEC ADMIN-1 to ADMIN-3. */
export function createOverviewHandlers({ clusterView, readStats, readRoom }: OverviewHandlersDeps) {
  return {
    "admin.stats": () => readStats(),

    "admin.instances": async () => {
      const { instances } = await clusterView.instances();
      return { instances };
    },

    "admin.connections": async (page) => {
      const { connections, nextCursor } = await clusterView.connections(page);
      return { connections: connections.map(toConnection), nextCursor };
    },

    "admin.rooms": (page) => clusterView.rooms(page),

    "admin.room": ({ room }) => readRoom(room),
  } satisfies Partial<Handlers<"/admin">>;
}

function toConnection(record: LocatedConnection): Connection {
  return {
    ...record,
    roles: [...record.roles],
    history: record.history.map(({ from, to, at }) => ({ from, to, at: timestampAt(at) })),
    connectedAt: timestampAt(record.connectedAt),
    lastActivityAt: timestampAt(record.lastActivityAt),
  };
}
