import type { z } from "zod";
import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { EventDefinition } from "../../shared/events/define-event.ts";
import type { EventId } from "../../shared/ids.ts";
import { logOfRoom, parseRoom, type RoomName } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import { type Clock, timestampOf } from "../clock.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { EventLog } from "../log/event-log.ts";
import { newEventId } from "./event-id.ts";

export interface Publication<Data> {
  room: RoomName;
  data: Data;
  /** `null`: the server itself. */
  sender: Sender | null;
  /** Default: `null`. */
  correlationId?: string | null;
  /** The id that the publisher chose. Default: a ULID. */
  id?: EventId | undefined;
  /** Within 10 minutes the same sender's event with the same key is published once per log. Default: the chosen id. */
  dedupe?: string;
}

/** The only way into a room. */
export interface Publisher {
  /** Resolves when the event is in the log: from then on it is not lost. Rejects with `unavailable`, and then it is not. */
  publish<Type extends EventType, Data extends z.ZodType>(
    definition: EventDefinition<Type, Data, true>,
    event: Publication<z.input<Data>>,
  ): Promise<PublishedReply>;

  /** The same to several rooms, as an event of its own in each. Rejects when it is not in all of them. */
  publishToEach<Type extends EventType, Data extends z.ZodType>(
    definition: EventDefinition<Type, Data, true>,
    rooms: readonly RoomName[],
    event: Omit<Publication<z.input<Data>>, "room" | "id" | "dedupe">,
  ): Promise<void>;

  /** An ephemeral event, to whoever is there now. */
  signal<Type extends EventType, Data extends z.ZodType>(
    definition: EventDefinition<Type, Data, false>,
    event: Publication<z.input<Data>>,
  ): void;
}

export function createPublisher({
  log,
  broadcast,
  clock,
}: {
  log: EventLog;
  broadcast: Broadcast;
  clock: Clock;
}): Publisher {
  function stamp<Type extends EventType, Data extends z.ZodType>(
    definition: EventDefinition<Type, Data, boolean>,
    event: Publication<z.input<Data>>,
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

  return {
    async publish(definition, event) {
      const envelope = stamp(definition, event);
      // Chosen ids and our own keys are told apart, or an id could take the place of a response's end.
      const key = event.dedupe ?? (event.id && `id:${event.id}`);
      // Per sender: nobody can suppress somebody else's event by using its id.
      const dedupe = key === undefined ? undefined : `${event.sender?.userId ?? ""}/${key}`;
      return log.append(logOfRoom(event.room), envelope, dedupe);
    },

    async publishToEach(definition, rooms, event) {
      // Checked once, and shared: a conversation with a thousand members has a thousand to tell.
      const data = definition.data.parse(event.data);
      const envelopes = rooms.map((room) => stamp(definition, { ...event, room }, data));
      await Promise.all(envelopes.map((envelope) => log.append(logOfRoom(envelope.room), envelope)));
    },

    signal(definition, event) {
      broadcast.send({ kind: "event", event: stamp(definition, event) });
    },
  };
}
