import { readReceipt } from "../../../shared/events/chat-events.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { namespaceOfKind, parseRoom, type RoomName } from "../../../shared/room.ts";
import type { Access } from "../../access/access.ts";
import type { ReadPositions } from "../../conversations/read-positions.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { CatchUpFactory } from "../../resume/catch-up.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import type { Principal } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

export interface RoomHandlersDeps {
  access: Access;
  rooms: Rooms;
  catchUp: CatchUpFactory;
  readPositions: ReadPositions;
  publisher: Publisher;
}

/** SPEC ROOM-1 to ROOM-12. */
export function createRoomHandlers({ access, rooms, catchUp, readPositions, publisher }: RoomHandlersDeps) {
  async function assertCanRead(principal: Principal, room: RoomName): Promise<void> {
    if (namespaceOfKind[parseRoom(room).kind] !== "/chat") {
      throw new Rejection("forbidden", `${room} is a room of /monitoring.`);
    }
    await access.assertCanRead(principal, room);
  }

  return {
    join_room: ({ room, after, limit }, session) =>
      rooms.join(session, room, after, limit, () => assertCanRead(session.principal, room)),

    leave_room: async ({ room }, session) => {
      await rooms.leave(session, room, { grace: false });
      return {};
    },

    history: async ({ room, before, limit }, { principal }) => {
      await assertCanRead(principal, room);
      return catchUp.history(room, before, limit);
    },

    mark_read: async ({ room, position }, { principal }) => {
      await assertCanRead(principal, room);
      const { userId } = principal;
      const moved = await readPositions.mark(userId, room, position);
      if (moved && parseRoom(room).kind === "conversation") {
        publisher.signal(readReceipt, { room, sender: null, data: { userId, position } });
      }
      return { unread: await readPositions.unread(userId, room) };
    },
  } satisfies Partial<Handlers<"/chat">>;
}
