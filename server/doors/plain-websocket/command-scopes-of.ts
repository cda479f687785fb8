import type { Namespace } from "../../../shared/namespace.ts";
import { namespaceOfKind, parseRoomKind } from "../../../shared/room.ts";
import type { Session } from "../../session/session.ts";

/**
 * The order in which the door's namespaces are searched for a command: those open to the connection, then those that
 * need other roles. `/chat` and `/monitoring` both have `join_room` and `leave_room`; for these the room's namespace
 * comes first.
 */
export function commandScopesOf({ namespaces, offeredNamespaces }: Session, payload: unknown): readonly Namespace[] {
  const room = typeof payload === "object" && payload !== null && "room" in payload ? payload.room : undefined;
  const kind = typeof room === "string" ? parseRoomKind(room) : undefined;
  const meant = room === "*" ? "/monitoring" : kind && namespaceOfKind[kind];
  const first = meant && offeredNamespaces.includes(meant) ? [meant] : [];
  return [...new Set([...first, ...namespaces, ...offeredNamespaces])];
}
