import type { Envelope } from "../../shared/envelope.ts";
import type { Conversations } from "../conversations/conversations.ts";
import type { Broadcast, BroadcastMessage } from "../deliver/broadcast.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Rooms } from "./rooms.ts";
import type { Rosters } from "./roster.ts";

export interface ReceiveBroadcastsDeps {
  broadcast: Broadcast;
  conversations: Conversations;
  rooms: Rooms;
  rosters: Rosters;
  sessions: Sessions;
  deliver(event: Envelope): void;
  failed(error: unknown): void;
}

/** What this instance does about what the instances tell each other. */
export function receiveBroadcasts(deps: ReceiveBroadcastsDeps): void {
  const { broadcast, conversations, rooms, rosters, sessions, deliver, failed } = deps;

  broadcast.listen((message: BroadcastMessage) => {
    switch (message.kind) {
      case "event":
        rosters.note(message.event);
        return deliver(message.event);
      case "changed":
        return conversations.forget(message.conversationId);
      case "evict":
        for (const session of sessions.ofUser(message.userId)) {
          rooms.evict(session, message.room, message.reason).catch(failed);
        }
        return;
      case "tell":
        for (const session of sessions.ofUser(message.userId)) session.send(message.name, message.data);
    }
  });
}
