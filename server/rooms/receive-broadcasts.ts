import type { Envelope } from "../../shared/envelope.ts";
import type { ConversationId } from "../../shared/ids.ts";
import { parseRoom } from "../../shared/room.ts";
import type { Access } from "../access/access.ts";
import type { Conversations, Membership } from "../conversations/conversations.ts";
import type { Broadcast, BroadcastMessage } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Sessions } from "../session/sessions.ts";
import { leaveForbiddenRooms } from "./forbidden-rooms.ts";
import type { PresenceSnapshots } from "./presence-snapshot.ts";
import type { Rooms } from "./rooms.ts";

interface ReceiveBroadcastsDeps {
  access: Access;
  broadcast: Broadcast;
  conversations: Conversations;
  rooms: Rooms;
  presenceSnapshots: PresenceSnapshots;
  sessions: Sessions;
  deliver(event: Envelope): void;
  failed: Failed;
}

/** Carries out on this instance what broadcasts ask for. */
export function receiveBroadcasts(deps: ReceiveBroadcastsDeps): void {
  const { access, broadcast, conversations, rooms, presenceSnapshots, sessions, deliver, failed } = deps;

  let rechecks = 0;
  /** A newer recheck replaces the one under way. Sessions are checked in sequence, so that memberships are cached. */
  const recheck = async () => {
    const run = ++rechecks;
    for (const session of sessions) {
      if (run !== rechecks) return;
      for (const room of rooms.roomsOf(session)) {
        const { kind, id } = parseRoom(room);
        if (kind !== "conversation") continue;
        const isMember = ({ members }: Membership) => members.has(session.principal.userId);
        const membership = await conversations.membership(id as ConversationId, isMember);
        // If the conversation is missing from the store, nobody was removed from it.
        if (membership && !isMember(membership))
          await leaveForbiddenRooms(session, [room], { access, rooms }, "removed");
      }
    }
  };

  broadcast.listen((message: BroadcastMessage) => {
    switch (message.kind) {
      case "event":
        presenceSnapshots.note(message.event);
        return deliver(message.event);
      case "changed":
        return conversations.forget(message.conversationId);
      case "evict":
        for (const session of sessions.ofUser(message.userId)) {
          const { room, reason } = message;
          const { connectionId } = session;
          rooms
            .evict(session, room, reason)
            .catch((error: unknown) =>
              failed("remove a connection from a room", error, { willRetry: false, room, connectionId }),
            );
        }
        return;
      case "recheck":
        conversations.forgetAll();
        return void recheck().catch((error: unknown) =>
          failed("compare rooms with memberships", error, { willRetry: false }),
        );
      case "tell":
        for (const session of sessions.ofUser(message.userId)) session.send(message.name, message.data);
    }
  });
}
