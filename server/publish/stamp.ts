import type { z } from "zod";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { EventDefinition } from "../../shared/events/define-event.ts";
import type { EventId } from "../../shared/ids.ts";
import { parseRoom, type RoomName } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import { type Clock, timestampOf } from "../runtime/clock.ts";
import { newEventId } from "./event-id.ts";

/** An event before it is stamped. */
export interface Unstamped<Data> {
  room: RoomName;
  data: Data;
  /** `null`: the server itself. */
  sender: Sender | null;
  /** Default: `null`. */
  correlationId?: string | null;
  /** An id given by the publisher. Default: a ULID. */
  id?: EventId | undefined;
}

/**
 * Makes an event's envelope. `data`: the event's data if it is parsed already.
 * Throws when the event does not fit its definition, which is a bug of the caller.
 */
export function stamp<Type extends EventType, Data extends z.ZodType>(
  clock: Clock,
  definition: EventDefinition<Type, Data, boolean>,
  event: Unstamped<z.input<Data>>,
  data = definition.data.parse(event.data),
): Envelope {
  const { kind } = parseRoom(event.room);
  if (!definition.rooms.includes(kind)) throw new TypeError(`${definition.type} is not allowed in a ${kind} room`);
  return {
    id: event.id ?? newEventId(clock.now()),
    type: definition.type,
    room: event.room,
    timestamp: timestampOf(clock),
    sender: event.sender,
    correlationId: event.correlationId ?? null,
    // The schema belongs to this event type, so its output is the data of this type.
    data: data as Envelope["data"],
  };
}
