import type { Client, Envelope, EventType, Gap, Position } from "@signalbox/client";
import { createStore, type Store, storesOf, useClient, useStore } from "@signalbox/client/react";

export interface EventList {
  /** Oldest first. */
  events: readonly Envelope[];
  isLive: boolean;
  /** The most recent gap; events before it have been dropped. */
  gap: Gap | null;
  /** Why the server refuses the topics. */
  refusal: string | null;
}

interface EventListOptions {
  topics: readonly string[];
  types?: readonly `${EventType}`[];
  /** Maximum number of events; older ones are dropped. */
  max: number;
}

/** How long the events are kept after the list was closed. */
const lingerMs = 10_000;
/** The server's limit for a page. */
const pageLimit = 1_000;

function createEventList(client: Client, { topics, types, max }: EventListOptions): Store<EventList> {
  let events: Envelope[] = [];
  let isLive = false;
  let gap: Gap | null = null;
  let refusal: string | null = null;
  /** Position to resume from when the list is opened again. */
  let after: Position | undefined;
  let expiry: ReturnType<typeof setTimeout> | undefined;

  return createStore<EventList>({
    restMs: 100,
    read: () => ({ events: events.slice(-max), isLive, gap, refusal }),
    watch(changed) {
      clearTimeout(expiry);
      const options = { ...(types ? { types } : {}), ...(after ? { after } : { recent: Math.min(max, pageLimit) }) };
      const cancel = client.monitoring.subscribe(
        topics,
        options,
        (event: Envelope) => {
          events.push(event);
          if (event.position) after = event.position;
          if (events.length > max * 1.5) events = events.slice(-max);
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
        expiry = setTimeout(() => {
          events = [];
          after = undefined;
          changed();
        }, lingerMs);
      };
    },
  });
}

const listOf = storesOf((client: Client, key: string) => createEventList(client, JSON.parse(key) as EventListOptions));

/** The latest events of some topics, kept up to date. */
export function useEvents(options: EventListOptions): EventList {
  return useStore(listOf(useClient(), JSON.stringify(options)));
}
