import { z } from "zod";
import { Conversation } from "../entities/conversation.ts";
import { AttemptNumber } from "../entities/dispatch.ts";
import { EventType } from "../event-type.ts";
import { AgentId, EventId, ResponseId, UserId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { defineEvent } from "./define-event.ts";

export const MessageText = z.string().min(1).max(limits.messageLength).regex(/\S/, "must not be blank");

export const Attachment = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(limits.urlLength),
  mediaType: z.string().min(1).max(127),
  name: z.string().max(limits.nameLength).optional(),
  altText: z.string().max(limits.textLength).optional(),
});

/** Fields of a message that its author chooses; the command and the event share them. */
export const messageFields = {
  message: MessageText,
  replyTo: EventId.optional(),
  attachments: z.array(Attachment).max(limits.attachments).optional(),
  metadata: JsonObject.optional(),
};

/** Who answers, where an agent does so on behalf of a dispatch, and at which attempt: the newest alone counts. */
const byAttempt = { agentId: AgentId.optional(), attempt: AttemptNumber.optional() };

export const responseFields = {
  responseId: ResponseId,
  message: z.string().max(limits.responseLength),
  status: z.enum(["complete", "failed", "cancelled"]),
  inReplyTo: EventId.optional(),
  usage: JsonObject.optional(),
};

/** A message has entered a conversation's log. Every member receives it once, in log order. */
export const chatMessage = defineEvent({
  type: EventType.ChatMessage,
  rooms: ["conversation"],
  durable: true,
  publishers: ["user", "agent", "admin", "service"],
  data: z.strictObject(messageFields),
});

/**
 * Part of an answer that is being written. At most 25 a second; `index` counts the parts of one response from 0.
 * In replies the parts are merged into one, which has the index and the position of the last.
 */
export const chatResponseDelta = defineEvent({
  type: EventType.ChatResponseDelta,
  rooms: ["conversation"],
  durable: true,
  publishers: ["agent", "service"],
  data: z.strictObject({
    responseId: ResponseId,
    index: z.int().min(0),
    delta: z.string().min(1).max(limits.rolledUpDeltaLength),
    inReplyTo: EventId.optional(),
    ...byAttempt,
  }),
});

/** The end of an answer, with its whole text. */
export const chatResponse = defineEvent({
  type: EventType.ChatResponse,
  rooms: ["conversation"],
  durable: true,
  publishers: ["agent", "service"],
  data: z.strictObject({ ...responseFields, ...byAttempt }),
});

export const typingIndicator = defineEvent({
  type: EventType.TypingIndicator,
  rooms: ["conversation"],
  durable: false,
  publishers: ["user", "agent", "admin", "service"],
  data: z.strictObject({ userId: UserId, isTyping: z.boolean() }),
});

const presenceChange = z.strictObject({
  userId: UserId,
  name: z.string().max(limits.nameLength).optional(),
  memberCount: z.int().min(0),
});

/** A user's first connection is in the room. */
export const userJoined = defineEvent({
  type: EventType.UserJoined,
  rooms: ["conversation"],
  durable: false,
  publishers: [],
  data: presenceChange,
});

/** A user's last connection has left the room, and did not come back within the grace period. */
export const userLeft = defineEvent({
  type: EventType.UserLeft,
  rooms: ["conversation"],
  durable: false,
  publishers: [],
  data: presenceChange,
});

export const readReceipt = defineEvent({
  type: EventType.ReadReceipt,
  rooms: ["conversation"],
  durable: false,
  publishers: [],
  data: z.strictObject({ userId: UserId, position: Position }),
});

/** Sent to the room of each member, and of one who was removed. */
export const conversationUpdated = defineEvent({
  type: EventType.ConversationUpdated,
  rooms: ["user"],
  durable: true,
  publishers: [],
  data: z.strictObject({
    conversation: Conversation,
    change: z.enum(["created", "members_added", "member_removed", "renamed"]),
  }),
});
