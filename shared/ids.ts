import { z } from "zod";
import { limits } from "./limits.ts";

/** The form of every id that a client may choose. */
export const Identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~@|+=-]{0,127}$/,
    "must be 1 to 128 of A-Z a-z 0-9 . _ ~ @ | + = - and begin with a letter or digit",
  )
  .meta({ id: "Id", description: "An id that needs no quoting in a URL, a room name or a Redis key." });

/** The form of every user id. */
export const UserId = z
  .string()
  .regex(
    /^[A-Za-z0-9~][A-Za-z0-9._~@|+=-]{0,127}$/,
    "must be 1 to 128 of A-Z a-z 0-9 . _ ~ @ | + = - and begin with a letter, a digit or ~",
  )
  .meta({
    id: "UserId",
    description: "An `Id`, or the form of a `sub` that is none, which begins with `~` (section 2).",
  })
  .brand<"UserId">();
export type UserId = z.infer<typeof UserId>;

export const ConversationId = Identifier.brand<"ConversationId">();
export type ConversationId = z.infer<typeof ConversationId>;

export const ResponseId = Identifier.brand<"ResponseId">();
export type ResponseId = z.infer<typeof ResponseId>;

export const AgentId = Identifier.brand<"AgentId">();
export type AgentId = z.infer<typeof AgentId>;

export const TaskId = Identifier.brand<"TaskId">();
export type TaskId = z.infer<typeof TaskId>;

export const StreamId = Identifier.brand<"StreamId">();
export type StreamId = z.infer<typeof StreamId>;

export const CheckpointId = Identifier.brand<"CheckpointId">();
export type CheckpointId = z.infer<typeof CheckpointId>;

/** The id of a dispatch; every message about the dispatch carries it. */
export const MessageId = Identifier.brand<"MessageId">();
export type MessageId = z.infer<typeof MessageId>;

/** Any text that the client chooses; a `join_room` in `/monitoring` makes a subscription whose id is the topic. */
export const SubscriptionId = z.string().min(1).max(limits.roomNameLength).brand<"SubscriptionId">();
export type SubscriptionId = z.infer<typeof SubscriptionId>;

/** Any visible ASCII, since ids of other systems end up here. */
export const EventId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 visible ASCII characters without spaces")
  .meta({ id: "EventId", description: "The id that the publisher chose, or else a ULID." })
  .brand<"EventId">();
export type EventId = z.infer<typeof EventId>;

export const ConnectionId = z.string().min(1).max(limits.identifierLength).brand<"ConnectionId">();
export type ConnectionId = z.infer<typeof ConnectionId>;

export const InstanceId = z.string().min(1).max(limits.identifierLength).brand<"InstanceId">();
export type InstanceId = z.infer<typeof InstanceId>;
