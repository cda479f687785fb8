import { randomUUID } from "node:crypto";
import { type Clock, systemClock, timestampOf } from "../../server/runtime/clock.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { ConversationId, EventId } from "../../shared/ids.ts";
import { conversationRoom, type LogName, logOfRoom, type RoomName } from "../../shared/room.ts";

/** A room that no other test uses. */
export function uniqueRoom(): RoomName {
  return conversationRoom(randomUUID() as ConversationId);
}

/** A log that no other test uses. */
export function uniqueLog(): LogName {
  return logOfRoom(uniqueRoom());
}

/** A message as the publisher would stamp it. */
export function messageEnvelope(
  message: string,
  { room = "conversation:1" as RoomName, clock = systemClock }: { room?: RoomName; clock?: Clock } = {},
): Envelope<EventType.ChatMessage> {
  return {
    id: randomUUID() as string as EventId,
    type: EventType.ChatMessage,
    room,
    timestamp: timestampOf(clock),
    sender: null,
    correlationId: null,
    data: { message },
  };
}

/** The text of a message; `undefined` for an event of another kind. */
export function textOf({ data }: Pick<Envelope, "data">): string | undefined {
  return "message" in data && typeof data.message === "string" ? data.message : undefined;
}
