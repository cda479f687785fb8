import { createRoomFeed, type RoomReply } from "../rooms/chat-room.ts";
import type { Feed, FeedDeps } from "../rooms/feed.ts";
import type { Answer, Input } from "../sending/command-policies.ts";
import { Conversation, type ConversationOptions } from "./conversation.ts";
import type { ResponseDeps } from "./streamed-response.ts";

/** Conversations, and what is told to this user or to everybody. */
export interface Chat {
  /** The same object for the same id; the options are those of the first time. */
  conversation(id: string, options?: ConversationOptions): Conversation;
  /** Makes a conversation with this user as a member. Not sent again where it is not known whether it was made. */
  create(conversation?: Input<"conversation.create">): Promise<Answer<"conversation.create">>;
  /** This user's conversations, newest activity first. */
  list(page?: Input<"conversation.list">): Promise<Answer<"conversation.list">>;
  /** One's own room: notifications, and changes of one's conversations. */
  readonly own: Feed<RoomReply>;
  /** Announcements to everybody. */
  readonly broadcast: Feed<RoomReply>;
}

export interface ChatDeps extends FeedDeps, ResponseDeps {
  /** Known when the server has said so. */
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
