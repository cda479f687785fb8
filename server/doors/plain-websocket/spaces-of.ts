import type { Namespace } from "../../../shared/namespace.ts";
import { namespaceOfKind, parseRoomKind } from "../../../shared/room.ts";

/**
 * The order in which the namespaces of a connection are asked for a command. `/chat` and `/monitoring` both have
 * `join_room` and `leave_room`; it is the room that tells which of the two is meant.
 */
export function spacesOf(namespaces: readonly Namespace[], payload: unknown): readonly Namespace[] {
  const room = typeof payload === "object" && payload !== null && "room" in payload ? payload.room : undefined;
  if (typeof room !== "string" || namespaces.length < 2) return namespaces;
  const kind = parseRoomKind(room);
  const meant = room === "*" ? "/monitoring" : kind && namespaceOfKind[kind];
  return meant && namespaces.includes(meant) ? [meant, ...namespaces.filter((other) => other !== meant)] : namespaces;
}
