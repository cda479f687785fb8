import type { LogLevel } from "../../shared/commands/admin-commands.ts";
import type { ConnectionId, UserId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Sessions } from "../session/sessions.ts";
import type { ClusterView } from "../store/registry/cluster-view.ts";
import type { KickedConnections } from "./kicked-connections.ts";

interface AdminActionsDeps {
  broadcast: Broadcast;
  sessions: Sessions;
  clusterView: ClusterView;
  kicked: Pick<KickedConnections, "keep">;
  /** Sets this instance's log level. */
  setLogLevel(level: LogLevel): void;
}

/**
 * Actions of admins on all instances, sent as broadcasts. An instance that misses the broadcast ends the connections
 * later, and does not change its log level.
 */
export class AdminActions {
  readonly #deps: AdminActionsDeps;

  constructor(deps: AdminActionsDeps) {
    this.#deps = deps;
    deps.broadcast.listen((message) => {
      if (message.kind === "log_level") deps.setLogLevel(message.level);
    });
  }

  /** Ends the connection. Rejects with `not_found` when no instance has it. */
  async disconnect(connectionId: ConnectionId): Promise<void> {
    await this.assertKnown(connectionId);
    await this.#deps.kicked.keep([connectionId]);
    this.#deps.broadcast.send({ kind: "kick", connectionId });
  }

  /** Rejects with `not_found` when no instance has reported the connection. */
  async assertKnown(connectionId: ConnectionId): Promise<void> {
    const { clusterView, sessions } = this.#deps;
    const known = sessions.get(connectionId) ?? (await clusterView.connection(connectionId));
    if (!known) throw new Rejection("not_found", `There is no connection ${connectionId}.`);
  }

  /** Ends all connections of the user. Resolves with the number of them. */
  async disconnectUser(userId: UserId): Promise<number> {
    const { clusterView, kicked, broadcast } = this.#deps;
    const connectionIds = await clusterView.connectionIdsOf(userId);
    await kicked.keep(connectionIds);
    broadcast.send({ kind: "kick", userId });
    return connectionIds.length;
  }

  setLogLevel(level: LogLevel): void {
    this.#deps.broadcast.send({ kind: "log_level", level });
  }
}
