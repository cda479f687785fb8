import { z } from "zod";
import { Conversation } from "../entities/conversation.ts";
import { AttemptNumber } from "../entities/dispatch.ts";
import { EventType } from "../event-type.ts";
import { AgentId, EventId, ResponseId, UserId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { defineEvent } from "./define-event.ts";

const MessageText = z.string().min(1).max(limits.messageLength).regex(/\S/, "must not be blank");

const Attachment = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).max(limits.urlLength),
    mediaType: z.string().min(1).max(127),
    name: z.string().max(limits.nameLength).optional(),
    altText: z.string().max(limits.textLength).optional(),
  })
  .meta({ id: "Attachment", description: "A file that a message refers to." });

/** Fields of a message that its author chooses; the command and the event share them. */
export const messageFields = {
  message: MessageText,
  replyTo: EventId.optional(),
  attachments: z.array(Attachment).max(limits.attachments).optional(),
  metadata: JsonObject.optional(),
};

/** Of a response that belongs to a dispatch. */
const byAttempt = {
  agentId: AgentId.optional().describe("The agent that answers, where the response belongs to a dispatch."),
  attempt: AttemptNumber.optional().describe("Its attempt at the dispatch. Only the newest attempt counts."),
};

export const responseFields = {
  responseId: ResponseId,
  message: z.string().max(limits.responseLength),
  status: z.enum(["complete", "failed", "cancelled"]),
  inReplyTo: EventId.optional(),
  usage: JsonObject.optional(),
};

export const chatMessage = defineEvent({
  type: EventType.ChatMessage,
  description: "A message of a member.",
  rooms: ["conversation"],
  durable: true,
  publishers: ["user", "agent", "admin", "service"],
  data: z.strictObject(messageFields),
});

export const chatResponseDelta = defineEvent({
  type: EventType.ChatResponseDelta,
  description:
    "A piece of a streamed response, at most 25 a second. In replies the pieces are merged into one, with the index and the position of the last (section 6.2).",
  rooms: ["conversation"],
  durable: true,
  publishers: ["agent", "service"],
  data: z.strictObject({
    responseId: ResponseId,
    index: z.int().min(0).describe("Counts the pieces of one response, and of one attempt, from 0."),
    delta: z.string().min(1).max(limits.rolledUpDeltaLength),
    inReplyTo: EventId.optional(),
    ...byAttempt,
  }),
});

export const chatResponse = defineEvent({
  type: EventType.ChatResponse,
  description: "The end of a streamed response, with its whole text.",
  rooms: ["conversation"],
  durable: true,
  publishers: ["agent", "service"],
  data: z.strictObject({ ...responseFields, ...byAttempt }),
});

export const typingIndicator = defineEvent({
  type: EventType.TypingIndicator,
  description: "A member types, or no longer does.",
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

export const userJoined = defineEvent({
  type: EventType.UserJoined,
  description: "The first connection of a user is in the room. Who was there before is in the reply to the join.",
  rooms: ["conversation"],
  durable: false,
  publishers: [],
  data: presenceChange,
});

export const userLeft = defineEvent({
  type: EventType.UserLeft,
  description: "The last connection of a user has left the room, and none came back within the grace period.",
  rooms: ["conversation"],
  durable: false,
  publishers: [],
  data: presenceChange,
});

export const readReceipt = defineEvent({
  type: EventType.ReadReceipt,
  description: "A member has read up to a position.",
  rooms: ["conversation"],
  durable: false,
  publishers: [],
  data: z.strictObject({ userId: UserId, position: Position }),
});

export const conversationUpdated = defineEvent({
  type: EventType.ConversationUpdated,
  description: "A conversation was created or changed. Sent to each member, and to one who was removed.",
  rooms: ["user"],
  durable: true,
  publishers: [],
  data: z.strictObject({
    conversation: Conversation,
    change: z.enum(["created", "members_added", "member_removed", "renamed"]),
  }),
});
