import { namespaces } from "../../shared/namespace.ts";
import type { Session } from "../session/session.ts";
import type { ConnectionRecord } from "../store/registry/registry.ts";

/** How old the reported activity may be: reporting every change would be most of all reports. */
const activityMs = 60_000;

/** A connection left without namespaces by a new token counts in `/chat`. */
export function recordOf(session: Session, rooms: number): ConnectionRecord {
  const { connectionId, principal, door, life, connectedAt, lastActivityAt } = session;
  const { userId, name, roles } = principal;
  return {
    connectionId,
    userId,
    name,
    roles,
    namespace: session.namespaces[0] ?? "/chat",
    door: doorOf(door),
    state: life.state,
    history: life.history,
    rooms,
    connectedAt,
    lastActivityAt,
  };
}

/** Whether the record still matches the session. */
export function isCurrent(record: ConnectionRecord, session: Session, rooms: number): boolean {
  const { principal, life, lastActivityAt } = session;
  return (
    record.history === life.history &&
    record.rooms === rooms &&
    record.roles === principal.roles &&
    record.namespace === (session.namespaces[0] ?? "/chat") &&
    lastActivityAt - record.lastActivityAt < activityMs
  );
}

function doorOf(door: string): ConnectionRecord["door"] {
  if (namespaces.some((namespace) => namespace === door)) return "socket.io";
  if (door === "/ws/agent-bridge") return "agent-bridge";
  return door === "/ws" ? "websocket" : "event-stream";
}
