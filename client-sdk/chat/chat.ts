import type { Feed, FeedDeps } from "../rooms/feed.ts";
import { createRoomFeed, type RoomReply } from "../rooms/room-feed.ts";
import type { Answer, Input } from "../sending/command-policies.ts";
import { Conversation, type ConversationOptions } from "./conversation.ts";
import type { ResponseDeps } from "./streamed-response.ts";

/** Conversations, and the user's own and the broadcast room. */
export interface Chat {
  /** Returns the same object for the same id; options apply to the first call. */
  conversation(id: string, options?: ConversationOptions): Conversation;
  /** Creates a conversation with this user as a member. Not retried when the outcome is unknown. */
  create(conversation?: Input<"conversation.create">): Promise<Answer<"conversation.create">>;
  /** This user's conversations, most recent activity first. */
  list(page?: Input<"conversation.list">): Promise<Answer<"conversation.list">>;
  /** The user's own room: notifications, and changes of the user's conversations. */
  readonly own: Feed<RoomReply>;
  /** Announcements to all users. */
  readonly broadcast: Feed<RoomReply>;
}

interface ChatDeps extends FeedDeps, ResponseDeps {
  /** Known once the connection is established. */
  userId(): string | null;
}

export function createChat(deps: ChatDeps): Chat {
  const { send, userId } = deps;
  const conversations = new Map<string, Conversation>();
  const ownRoom = () => (userId() === null ? undefined : `user:${userId()}`);
  return {
    conversation(id, options = {}) {
      const conversation = conversations.get(id) ?? new Conversation(id, options, deps);
      conversations.set(id, conversation);
      return conversation;
    },
    create: (conversation = {}) => send("conversation.create", conversation),
    list: (page = {}) => send("conversation.list", page),
    own: createRoomFeed({ room: ownRoom, name: "user", recent: 0 }, deps),
    broadcast: createRoomFeed({ room: () => "broadcast", name: "broadcast", recent: 0 }, deps),
  };
}
