import { namespaces } from "../../shared/namespace.ts";
import type { Session } from "../session/session.ts";
import type { ConnectionRecord } from "../store/registry/registry.ts";

/** What is told of activity may be this old: told each time, it would be the most of all that is told. */
const activityMs = 60_000;

/** A connection that serves no namespace, since its new token allows none, counts where it came in. */
export function recordOf(session: Session, rooms: number): ConnectionRecord {
  const { connectionId, principal, namespaces: served, door, life, connectedAt, lastSeenAt } = session;
  const { userId, name, roles } = principal;
  return {
    connectionId,
    userId,
    name,
    roles,
    namespace: served[0] ?? "/chat",
    door: doorOf(door),
    state: life.state,
    history: life.history,
    rooms,
    connectedAt,
    lastActivityAt: lastSeenAt,
  };
}

/** Whether the record tells of the session what it is now. */
export function isCurrent(record: ConnectionRecord, session: Session, rooms: number): boolean {
  const { principal, namespaces: served, life, lastSeenAt } = session;
  return (
    record.history === life.history &&
    record.rooms === rooms &&
    record.roles === principal.roles &&
    record.namespace === (served[0] ?? "/chat") &&
    lastSeenAt - record.lastActivityAt < activityMs
  );
}

function doorOf(door: string): ConnectionRecord["door"] {
  if (namespaces.some((namespace) => namespace === door)) return "socket.io";
  if (door === "/ws/agent-bridge") return "agent-bridge";
  return door === "/ws" ? "websocket" : "event-stream";
}
