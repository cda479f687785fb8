import { z } from "zod";
import { Conversation, ConversationTitle } from "../entities/conversation.ts";
import { messageFields, responseFields } from "../events/chat-events.ts";
import { ConversationId, EventId, ResponseId, UserId } from "../ids.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { conversationRoom, RoomName } from "../room.ts";
import { defineCommand } from "./define-command.ts";
import { Cursor, EventLimit, ListLimit, LoggedEvent, Nothing, PublishedReply, resumeFields } from "./fields.ts";

const roomOf = (payload: { conversationId: ConversationId }): RoomName => conversationRoom(payload.conversationId);

const conversationReply = z.strictObject({ conversation: Conversation });

export const createConversation = defineCommand({
  name: "conversation.create",
  payload: z.strictObject({
    id: ConversationId.optional(),
    title: ConversationTitle.optional(),
    members: z.array(UserId).max(limits.conversationMembers).default([]),
    public: z.boolean().default(false),
  }),
  reply: conversationReply,
  // What is said right behind it about a conversation whose id the client chose finds it there.
  orderedBy: ({ id }) => (id === undefined ? undefined : conversationRoom(id)),
});

export const addMembers = defineCommand({
  name: "conversation.add_members",
  payload: z.strictObject({
    conversationId: ConversationId,
    userIds: z.array(UserId).min(1).max(limits.membersPerCommand),
  }),
  reply: conversationReply,
  room: roomOf,
});

export const removeMember = defineCommand({
  name: "conversation.remove_member",
  payload: z.strictObject({ conversationId: ConversationId, userId: UserId }),
  reply: conversationReply,
  room: roomOf,
});

export const ConversationListItem = Conversation.extend({
  lastEvent: LoggedEvent.optional(),
  /** Messages and answers of others after the read position. */
  unread: z.int().min(0),
  readPosition: Position.optional(),
});
export type ConversationListItem = z.infer<typeof ConversationListItem>;

export const listConversations = defineCommand({
  name: "conversation.list",
  payload: z.strictObject({ cursor: Cursor.optional(), limit: ListLimit }),
  reply: z.strictObject({ conversations: z.array(ConversationListItem), nextCursor: Cursor.nullable() }),
});

export const renameConversation = defineCommand({
  name: "conversation.rename",
  payload: z.strictObject({ conversationId: ConversationId, title: ConversationTitle }),
  reply: conversationReply,
  room: roomOf,
});

export const markRead = defineCommand({
  name: "mark_read",
  payload: z.strictObject({ room: RoomName, position: Position }),
  reply: z.strictObject({ unread: z.int().min(0) }),
  room: ({ room }) => room,
});

export const PresentMember = z.strictObject({
  userId: UserId,
  name: z.string().nullable(),
  connections: z.int().min(0),
});
export type PresentMember = z.infer<typeof PresentMember>;

export const joinRoom = defineCommand({
  name: "join_room",
  payload: z.strictObject({ room: RoomName, after: Position.optional(), limit: EventLimit }),
  reply: z.strictObject({
    room: RoomName,
    ...resumeFields,
    members: z.array(PresentMember),
    memberCount: z.int().min(0),
  }),
  room: ({ room }) => room,
});

export const leaveRoom = defineCommand({
  name: "leave_room",
  payload: z.strictObject({ room: RoomName }),
  reply: Nothing,
  room: ({ room }) => room,
});

export const history = defineCommand({
  name: "history",
  payload: z.strictObject({ room: RoomName, before: Position.optional(), limit: EventLimit }),
  reply: z.strictObject({ events: z.array(LoggedEvent), hasMore: z.boolean() }),
});

export const sendChatMessage = defineCommand({
  name: "chat_message",
  payload: z.strictObject({ conversationId: ConversationId, id: EventId.optional(), ...messageFields }),
  reply: PublishedReply,
  room: roomOf,
  adds: true,
});

export const sendChatResponseDelta = defineCommand({
  name: "chat_response_delta",
  roles: ["agent", "service"],
  payload: z.strictObject({
    conversationId: ConversationId,
    responseId: ResponseId,
    delta: z.string().min(1).max(limits.deltaLength),
    inReplyTo: EventId.optional(),
  }),
  reply: Nothing,
  room: roomOf,
});

export const sendChatResponse = defineCommand({
  name: "chat_response",
  roles: ["agent", "service"],
  payload: z.strictObject({ conversationId: ConversationId, ...responseFields }),
  reply: PublishedReply,
  room: roomOf,
});

export const cancelChatResponse = defineCommand({
  name: "chat_response.cancel",
  payload: z.strictObject({ conversationId: ConversationId, responseId: ResponseId }),
  reply: Nothing,
});

export const setTyping = defineCommand({
  name: "typing_indicator",
  payload: z.strictObject({ conversationId: ConversationId, isTyping: z.boolean() }),
  reply: Nothing,
  room: roomOf,
});
