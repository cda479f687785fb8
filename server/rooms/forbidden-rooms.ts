import { Rejection } from "../../shared/rejection.ts";
import { namespaceOfKind, parseRoom, type RoomName } from "../../shared/room.ts";
import type { Access } from "../access/access.ts";
import type { Session } from "../session/session.ts";
import type { Rooms } from "./rooms.ts";

/** Takes the session out of those of the rooms that it may not read any more, and tells it so. */
export async function leaveForbiddenRooms(
  session: Session,
  candidates: readonly RoomName[],
  { access, rooms }: { access: Access; rooms: Rooms },
  reason: "removed" | "forbidden",
): Promise<void> {
  for (const room of candidates) {
    try {
      const isServed = session.namespaces.includes(namespaceOfKind[parseRoom(room).kind]);
      if (!isServed) throw new Rejection("forbidden", `${room} is of a namespace that the token does not open.`);
      await access.assertCanRead(session.principal, room);
    } catch (error) {
      // Not known is not forbidden.
      if (!(error instanceof Rejection) || error.error.retryable) throw error;
      await rooms.evict(session, room, reason);
    }
  }
}
