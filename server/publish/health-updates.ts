import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Broadcast, BroadcastMessage } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import { type HealthEvent, type LatestUpdates, subjectOf } from "../store/latest-updates.ts";
import { Conflation } from "./conflation.ts";

export interface HealthUpdatesDeps {
  broadcast: Broadcast;
  latest: LatestUpdates;
  /** What was told of on this instance, without waiting. */
  heard: { note(event: HealthEvent): void; noted(): HealthEvent[] };
  /** One was told to nobody: a newer one has come. */
  superseded(): void;
  failed: Failed;
}

/** Of each component's updates, at most one of a type goes out in this time. */
export const conflationMs = 200;

/**
 * Components tell of themselves as often as they like; the newest is all that counts. Conflated where it is sent, for
 * the other instances' sake, and where it arrives, since several instances may send.
 */
export function createHealthUpdates({ broadcast, latest, heard, superseded, failed }: HealthUpdatesDeps) {
  const listeners: ((message: BroadcastMessage) => void)[] = [];

  const send = (event: HealthEvent) => {
    const { component } = event.data;
    latest
      .keep(event)
      .catch((error: unknown) => failed("store the newest health update", error, { willRetry: false, component }));
    broadcast.send({ kind: "event", event });
  };
  const hear = (event: HealthEvent) => {
    heard.note(event);
    for (const listener of listeners) listener({ kind: "event", event });
  };
  const outgoing = new Conflation<HealthEvent>(conflationMs, send, superseded);
  const incoming = new Conflation<HealthEvent>(conflationMs, hear, superseded);
  broadcast.listen((message) => {
    const event = healthEventIn(message);
    if (event) incoming.add(subjectOf(event), event);
    else for (const listener of listeners) listener(message);
  });

  return {
    /** The same as the one given, with what is said of one component conflated. */
    broadcast: {
      send(message) {
        const event = healthEventIn(message);
        if (event) outgoing.add(subjectOf(event), event);
        else broadcast.send(message);
      },
      listen: (listener) => void listeners.push(listener),
    } satisfies Broadcast,

    /**
     * The newest of each component. Resolves with a function that is to be called in the tick in which the answer goes
     * out: what was delivered while the store was asked is in it.
     */
    async latest(): Promise<() => HealthEvent[]> {
      const kept = await latest.all();
      return () => {
        const newest = new Map<string, HealthEvent>();
        for (const event of [...kept, ...heard.noted()]) {
          const other = newest.get(subjectOf(event));
          if (!other || other.timestamp <= event.timestamp) newest.set(subjectOf(event), event);
        }
        return [...newest.values()];
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

export function isHealthEvent(event: Envelope): event is HealthEvent {
  return event.type === EventType.HealthUpdate || event.type === EventType.PerformanceUpdate;
}
