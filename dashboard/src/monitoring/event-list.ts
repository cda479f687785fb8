import type { Client, Envelope, EventType, Gap, Position } from "@signalbox/client";
import { createStore, type Store, storesOf, useClient, useStore } from "@signalbox/client/react";

export interface EventList {
  /** Oldest first. */
  events: readonly Envelope[];
  isLive: boolean;
  /** The last one; what was shown before it has been dropped. */
  gap: Gap | null;
  /** Why the server does not tell. */
  refusal: string | null;
}

export interface EventListOptions {
  topics: readonly string[];
  types?: readonly `${EventType}`[];
  /** So many are shown at most, the latest. */
  most: number;
}

/** So long a list is kept that nobody looks at: whoever opens one agent after the other does not keep them all. */
const lingerMs = 10_000;
/** The server gives no more at once. */
const recentMost = 1_000;

function createEventList(client: Client, { topics, types, most }: EventListOptions): Store<EventList> {
  let events: Envelope[] = [];
  let isLive = false;
  let gap: Gap | null = null;
  let refusal: string | null = null;
  /** Where it goes on when somebody looks again. */
  let after: Position | undefined;
  let forgetting: ReturnType<typeof setTimeout> | undefined;

  return createStore<EventList>({
    restMs: 100,
    read: () => ({ events: events.slice(-most), isLive, gap, refusal }),
    watch(changed) {
      clearTimeout(forgetting);
      const options = { ...(types ? { types } : {}), ...(after ? { after } : { recent: Math.min(most, recentMost) }) };
      const cancel = client.monitoring.subscribe(
        topics,
        options,
        (event: Envelope) => {
          events.push(event);
          if (event.position) after = event.position;
          if (events.length > most * 1.5) events = events.slice(-most);
          changed();
        },
        {
          live: ({ position }) => {
            after ??= position;
            isLive = true;
            refusal = null;
            changed();
          },
          gap: (found) => {
            events = [];
            gap = found;
            changed();
          },
          refused: ({ message }) => {
            refusal = message;
            changed();
          },
        },
      );
      const cancelLoss = client.on("disconnected", () => {
        isLive = false;
        changed();
      });
      return () => {
        cancel();
        cancelLoss();
        isLive = false;
        forgetting = setTimeout(() => {
          events = [];
          after = undefined;
          changed();
        }, lingerMs);
      };
    },
  });
}

const listOf = storesOf((client: Client, key: string) => createEventList(client, JSON.parse(key) as EventListOptions));

/** The latest events of some topics, and what happens after them. */
export function useEvents(options: EventListOptions): EventList {
  return useStore(listOf(useClient(), JSON.stringify(options)));
}
