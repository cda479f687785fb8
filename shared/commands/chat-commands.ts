import { z } from "zod";
import { Conversation, ConversationTitle } from "../entities/conversation.ts";
import { messageFields, responseFields } from "../events/chat-events.ts";
import { ConversationId, EventId, ResponseId, UserId } from "../ids.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { conversationRoom, RoomName } from "../room.ts";
import { defineCommand } from "./define-command.ts";
import {
  Cursor,
  EventLimit,
  ListLimit,
  LoggedEvent,
  NextCursor,
  Nothing,
  PublishedReply,
  resumeFields,
} from "./fields.ts";

const roomOf = (payload: { conversationId: ConversationId }): RoomName => conversationRoom(payload.conversationId);

const conversationReply = z.strictObject({ conversation: Conversation });

export const createConversation = defineCommand({
  name: "conversation.create",
  description: "Creates a conversation. The user who creates it is a member, unless `service` is the user's only role.",
  payload: z.strictObject({
    id: ConversationId.optional(),
    title: ConversationTitle.optional(),
    members: z.array(UserId).max(limits.conversationMembers).default([]),
    public: z.boolean().default(false).describe("Whether any `user` may join."),
  }),
  reply: conversationReply,
  // A command about a conversation whose id the client chose may follow at once, and must find it.
  orderedBy: ({ id }) => (id === undefined ? undefined : conversationRoom(id)),
});

export const addMembers = defineCommand({
  name: "conversation.add_members",
  description: "Adds members to a conversation.",
  payload: z.strictObject({
    conversationId: ConversationId,
    userIds: z.array(UserId).min(1).max(limits.membersPerCommand),
  }),
  reply: conversationReply,
  room: roomOf,
});

export const removeMember = defineCommand({
  name: "conversation.remove_member",
  description:
    "Removes a member from a conversation. The member leaves the room on every instance within 2 s, with `system.room.left`.",
  payload: z.strictObject({ conversationId: ConversationId, userId: UserId }),
  reply: conversationReply,
  room: roomOf,
});

const Unread = z
  .int()
  .min(0)
  .max(limits.unreadCounted)
  .describe(`Events of others after the read position; ${limits.unreadCounted} means that many or more.`);

export const ConversationListItem = Conversation.extend({
  lastEvent: LoggedEvent.optional(),
  unread: Unread,
  readPosition: Position.optional(),
}).meta({ id: "ListedConversation", description: "A conversation, with what the user has not read of it." });
export type ConversationListItem = z.infer<typeof ConversationListItem>;

export const listConversations = defineCommand({
  name: "conversation.list",
  description: "Lists the conversations of the user, newest activity first.",
  payload: z.strictObject({ cursor: Cursor.optional(), limit: ListLimit }),
  reply: z.strictObject({ conversations: z.array(ConversationListItem), nextCursor: NextCursor }),
});

export const renameConversation = defineCommand({
  name: "conversation.rename",
  description: "Changes the title of a conversation.",
  payload: z.strictObject({ conversationId: ConversationId, title: ConversationTitle }),
  reply: conversationReply,
  room: roomOf,
});

export const markRead = defineCommand({
  name: "mark_read",
  description:
    "Sets the read position of the user, in a conversation, `user:{id}` or `broadcast`. It never moves backwards.",
  payload: z.strictObject({ room: RoomName, position: Position }),
  reply: z.strictObject({ unread: Unread }),
  room: ({ room }) => room,
});

export const PresentMember = z
  .strictObject({
    userId: UserId,
    name: z.string().nullable(),
    connections: z.int().min(0),
  })
  .meta({
    id: "PresentMember",
    description: "A user who is in a room, and the number of the user's connections there.",
  });
export type PresentMember = z.infer<typeof PresentMember>;

export const joinRoom = defineCommand({
  name: "join_room",
  description:
    "Enters a room: the connection gets its latest events, or everything after a position, and then what follows. Section 6.1.",
  payload: z.strictObject({ room: RoomName, after: Position.optional(), limit: EventLimit }),
  reply: z
    .strictObject({
      room: RoomName,
      ...resumeFields,
      members: z.array(PresentMember).max(limits.membersInReply),
      memberCount: z.int().min(0).describe("All members who are there, also those that `members` has no room for."),
    })
    .meta({ id: "Joined", description: "The reply to a join in `/chat` (section 6.1)." }),
  room: ({ room }) => room,
});

export const leaveRoom = defineCommand({
  name: "leave_room",
  description: "Leaves a room.",
  payload: z.strictObject({ room: RoomName }),
  reply: Nothing,
  room: ({ room }) => room,
});

export const history = defineCommand({
  name: "history",
  description: "Reads the events before a position, or the latest ones.",
  payload: z.strictObject({ room: RoomName, before: Position.optional(), limit: EventLimit }),
  reply: z.strictObject({
    events: z.array(LoggedEvent).describe("Oldest first."),
    hasMore: z.boolean().describe("The log has older events."),
  }),
});

export const sendChatMessage = defineCommand({
  name: "chat_message",
  description: "Writes a message into a conversation.",
  payload: z.strictObject({ conversationId: ConversationId, id: EventId.optional(), ...messageFields }),
  reply: PublishedReply,
  room: roomOf,
  adds: true,
});

export const sendChatResponseDelta = defineCommand({
  name: "chat_response_delta",
  description: `Adds a piece to a streamed response; a connection may write ${limits.openResponses} responses at once. The reply means taken, not kept (section 6.2).`,
  roles: ["agent", "service"],
  payload: z.strictObject({
    conversationId: ConversationId,
    responseId: ResponseId,
    delta: z
      .string()
      .min(1)
      .max(limits.deltaLength)
      .optional()
      .describe("without it the command only renews the lease of the response."),
    inReplyTo: EventId.optional(),
  }),
  reply: z.strictObject({
    cancel: z.boolean().optional().describe("`true`: the response is cancelled, as with the message `cancel`."),
  }),
  room: roomOf,
});

export const sendChatResponse = defineCommand({
  name: "chat_response",
  description: "Ends a streamed response, with its whole text. Without `message` the text is what was streamed.",
  roles: ["agent", "service"],
  payload: z.strictObject({
    conversationId: ConversationId,
    ...responseFields,
    message: responseFields.message.optional(),
  }),
  reply: PublishedReply,
  room: roomOf,
});

export const cancelChatResponse = defineCommand({
  name: "chat_response.cancel",
  description:
    "Asks the producer of a response to stop: it gets `cancel`. Without a connection of the producer the response ends at once.",
  payload: z.strictObject({ conversationId: ConversationId, responseId: ResponseId }),
  reply: Nothing,
});

export const setTyping = defineCommand({
  name: "typing_indicator",
  description: "Tells the members who are there that the user types, or no longer does.",
  payload: z.strictObject({ conversationId: ConversationId, isTyping: z.boolean() }),
  reply: Nothing,
  room: roomOf,
});
