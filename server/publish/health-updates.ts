import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Broadcast, BroadcastMessage } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import { type HealthEvent, type LatestUpdate, type LatestUpdates, subjectOf } from "../store/latest-updates.ts";
import { Conflation } from "./conflation.ts";

interface HealthUpdatesDeps {
  broadcast: Broadcast;
  latest: LatestUpdates;
  /** Synchronous cache of the updates that were delivered on this instance. */
  delivered: { note(event: HealthEvent): void; noted(): LatestUpdate[] };
  /** Called when an update is dropped in favour of a newer one. */
  superseded(): void;
  failed: Failed;
}

/** At most one update of each type per component is sent in this time. */
const conflationMs = 200;

/**
 * Components send updates as often as they like; only the newest counts. Conflated at the sender, to save traffic
 * between instances, and at the receiver, since several instances may send.
 */
export function createHealthUpdates({ broadcast, latest, delivered, superseded, failed }: HealthUpdatesDeps) {
  const listeners: ((message: BroadcastMessage) => void)[] = [];

  const send = (event: HealthEvent) => {
    const { component } = event.data;
    latest
      .keep(event)
      .catch((error: unknown) => failed("store the newest health update", error, { willRetry: false, component }));
    broadcast.send({ kind: "event", event });
  };
  const receive = (event: HealthEvent) => {
    delivered.note(event);
    for (const listener of listeners) listener({ kind: "event", event });
  };
  const outgoing = new Conflation<HealthEvent>(conflationMs, send, superseded);
  const incoming = new Conflation<HealthEvent>(conflationMs, receive, superseded);
  broadcast.listen((message) => {
    const event = healthEventIn(message);
    if (event) incoming.add(subjectOf(event), event);
    else for (const listener of listeners) listener(message);
  });

  return {
    /** The given broadcast, with the updates of each component conflated. */
    broadcast: {
      send(message) {
        const event = healthEventIn(message);
        if (event) outgoing.add(subjectOf(event), event);
        else broadcast.send(message);
      },
      listen: (listener) => void listeners.push(listener),
    } satisfies Broadcast,

    /**
     * The newest update of each component. Resolves with a function to call in the tick in which the reply is written:
     * its result includes what was delivered while the store was read.
     */
    async latest(): Promise<() => HealthEvent[]> {
      const kept = await latest.all();
      return () => {
        // Compared by the time of storage and delivery, since timestamps are by the clocks of several instances.
        const newest = new Map<string, LatestUpdate>();
        for (const update of [...kept, ...delivered.noted()]) {
          const known = newest.get(subjectOf(update.event));
          if (!known || known.at <= update.at) newest.set(subjectOf(update.event), update);
        }
        return [...newest.values()].map(({ event }) => event);
      };
    },

    close(): void {
      outgoing.close();
      incoming.close();
    },
  };
}

export type HealthUpdates = ReturnType<typeof createHealthUpdates>;

function healthEventIn(message: BroadcastMessage): HealthEvent | undefined {
  return message.kind === "event" && isHealthEvent(message.event) ? message.event : undefined;
}

function isHealthEvent(event: Envelope): event is HealthEvent {
  return event.type === EventType.HealthUpdate || event.type === EventType.PerformanceUpdate;
}
