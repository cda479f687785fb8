import type { z } from "zod";
import type { PublishedReply } from "../../shared/commands/fields.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { EventDefinition } from "../../shared/events/define-event.ts";
import type { EventId } from "../../shared/ids.ts";
import { logOfRoom, type RoomName } from "../../shared/room.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { stamp, type Unstamped } from "./stamp.ts";

interface PublishRequest<Data> extends Unstamped<Data> {
  /** Within 10 minutes the same sender's event with the same key is published once per log. Default: the given id. */
  dedupe?: string;
}

/** All events enter rooms through this. */
export interface Publisher {
  /** Resolves once the event is in the log and cannot be lost. Rejects with `unavailable` when it is not. */
  publish<Type extends EventType, Data extends z.ZodType>(
    definition: EventDefinition<Type, Data, true>,
    event: PublishRequest<z.input<Data>>,
  ): Promise<PublishedReply>;

  /** Publishes a separate event with the same data to each room. Rejects unless all of them are in their logs. */
  publishToEach<Type extends EventType, Data extends z.ZodType>(
    definition: EventDefinition<Type, Data, true>,
    rooms: readonly RoomName[],
    event: Omit<PublishRequest<z.input<Data>>, "room" | "id" | "dedupe">,
  ): Promise<void>;

  /** Sends an ephemeral event to the connections that are in the room now. Returns its id. */
  signal<Type extends EventType, Data extends z.ZodType>(
    definition: EventDefinition<Type, Data, false>,
    event: PublishRequest<z.input<Data>>,
  ): EventId;
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
  return {
    async publish(definition, event) {
      const envelope = stamp(clock, definition, event);
      // Given ids and internal keys have separate prefixes: a client's id must not block the end of a response.
      const key = event.dedupe ?? (event.id && `id:${event.id}`);
      // Keyed by sender: a client cannot suppress another user's event by using its id.
      const dedupe = key === undefined ? undefined : `${event.sender?.userId ?? ""}/${key}`;
      return log.append(logOfRoom(event.room), envelope, dedupe);
    },

    async publishToEach(definition, rooms, event) {
      // Parsed once and shared: a conversation with a thousand members has a thousand user rooms.
      const data = definition.data.parse(event.data);
      const envelopes = rooms.map((room) => stamp(clock, definition, { ...event, room }, data));
      await Promise.all(envelopes.map((envelope) => log.append(logOfRoom(envelope.room), envelope)));
    },

    signal(definition, event) {
      const envelope = stamp(clock, definition, event);
      broadcast.send({ kind: "event", event: envelope });
      return envelope.id;
    },
  };
}
