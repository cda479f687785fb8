import type { Namespace } from "../../../shared/namespace.ts";
import { namespaceOfKind, parseRoomKind } from "../../../shared/room.ts";
import type { Session } from "../../session/session.ts";

/**
 * The order in which the namespaces of the door are asked for a command: those that the connection may use, then those
 * that it would need other roles for. `/chat` and `/monitoring` both have `join_room` and `leave_room`; it is the room
 * that tells which of the two is meant.
 */
export function commandScopesOf({ namespaces, offeredNamespaces }: Session, payload: unknown): readonly Namespace[] {
  const room = typeof payload === "object" && payload !== null && "room" in payload ? payload.room : undefined;
  const kind = typeof room === "string" ? parseRoomKind(room) : undefined;
  const meant = room === "*" ? "/monitoring" : kind && namespaceOfKind[kind];
  const first = meant && offeredNamespaces.includes(meant) ? [meant] : [];
  return [...new Set([...first, ...namespaces, ...offeredNamespaces])];
}
