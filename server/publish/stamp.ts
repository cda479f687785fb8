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
  /** The id that the publisher chose. Default: a ULID. */
  id?: EventId | undefined;
}

/**
 * The envelope of an event, checked against its definition. `data` is given where it was checked before.
 * What does not fit the definition is a bug of the caller, and thrown as such.
 */
export function stamp<Type extends EventType, Data extends z.ZodType>(
  clock: Clock,
  definition: EventDefinition<Type, Data, boolean>,
  event: Unstamped<z.input<Data>>,
  data = definition.data.parse(event.data),
): Envelope {
  const { kind } = parseRoom(event.room);
  if (!definition.rooms.includes(kind)) throw new TypeError(`${definition.type} is not for a ${kind} room`);
  return {
    id: event.id ?? newEventId(clock.now()),
    type: definition.type,
    room: event.room,
    timestamp: timestampOf(clock),
    sender: event.sender,
    correlationId: event.correlationId ?? null,
    // The definition is the event's own, so what it lets through is that event's data.
    data: data as Envelope["data"],
  };
}
