import { Rejection } from "../../shared/rejection.ts";
import { namespaceOfKind, parseRoom, type RoomName } from "../../shared/room.ts";
import type { Access } from "../access/access.ts";
import type { Session } from "../session/session.ts";
import type { Rooms } from "./rooms.ts";

/** Removes the session from the rooms that it may no longer read, and notifies the client. */
export async function leaveForbiddenRooms(
  session: Session,
  candidates: readonly RoomName[],
  { access, rooms }: { access: Access; rooms: Rooms },
  reason: "removed" | "forbidden",
): Promise<void> {
  for (const room of candidates) {
    try {
      const isServed = session.namespaces.includes(namespaceOfKind[parseRoom(room).kind]);
      if (!isServed)
        throw new Rejection("forbidden", `${room} belongs to a namespace that the token does not give access to.`);
      await access.assertCanRead(session.principal, room);
    } catch (error) {
      // Only a refusal removes the session: an error that may pass proves nothing.
      if (!(error instanceof Rejection) || error.error.retryable) throw error;
      await rooms.evict(session, room, reason);
    }
  }
}
