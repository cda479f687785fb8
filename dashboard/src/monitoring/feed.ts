import type { Client, Envelope, Gap, Position } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";

/** Entry in the feed where events were lost. */
interface GapMarker {
  id: string;
  type: "history_lost";
  timestamp: string;
  reason: Gap["reason"];
}

export type FeedEntry = Envelope | GapMarker;

interface FeedView {
  /** Newest first. */
  entries: readonly FeedEntry[];
  isLive: boolean;
  isPaused: boolean;
  /** Events received while paused. */
  buffered: number;
  /** The buffer is full: later events are read from the server's log on resume. */
  isBufferFull: boolean;
  pause(): void;
  resume(): void;
}

/** Entries shown, and entries buffered while paused. */
export const maxFeedEntries = 2_500;
const initialEvents = 300;

/** All events, with a pause that loses nothing. */
function createFeed(client: Client) {
  let shown: FeedEntry[] = [];
  let buffer: FeedEntry[] = [];
  let isLive = false;
  let isPaused = false;
  let isBufferFull = false;
  let position: Position | undefined;
  let changed = () => {};
  let unsubscribe = () => {};

  function take(entry: FeedEntry): void {
    if (!isPaused) {
      shown.push(entry);
      if (shown.length > maxFeedEntries * 1.5) shown = shown.slice(-maxFeedEntries);
    } else if (buffer.push(entry) >= maxFeedEntries) {
      // The buffer is bounded: resume reads the rest from here.
      isBufferFull = true;
      unsubscribe();
    }
    changed();
  }

  function follow(): void {
    let isCurrent = true;
    const cancel = client.monitoring.subscribe(
      "*",
      position ? { after: position } : { recent: initialEvents },
      (event: Envelope) => {
        if (!isCurrent) return;
        if (event.position) position = event.position;
        take(event);
      },
      {
        live(reply) {
          position ??= reply.position;
          isLive = true;
          changed();
        },
        gap({ reason, position: resumesAt }) {
          if (!isCurrent) return;
          position = resumesAt;
          const timestamp = new Date().toISOString();
          take({
            id: `lost-${resumesAt.epoch}-${resumesAt.offset}-${timestamp}`,
            type: "history_lost",
            timestamp,
            reason,
          });
        },
      },
    );
    unsubscribe = () => {
      isCurrent = false;
      cancel();
    };
  }

  const pause = () => {
    isPaused = true;
    changed();
  };

  const resume = () => {
    isPaused = false;
    const entries = buffer;
    buffer = [];
    for (const entry of entries) take(entry);
    if (isBufferFull) {
      isBufferFull = false;
      follow();
    }
    changed();
  };

  return createStore<FeedView>({
    restMs: 100,
    read: () => ({
      entries: shown.slice(-maxFeedEntries).reverse(),
      isLive,
      isPaused,
      buffered: buffer.length,
      isBufferFull,
      pause,
      resume,
    }),
    watch(notify) {
      changed = notify;
      if (!isBufferFull) follow();
      const cancelLoss = client.on("disconnected", () => {
        isLive = false;
        changed();
      });
      return () => {
        unsubscribe();
        cancelLoss();
        isLive = false;
        changed = () => {};
      };
    },
  });
}

export const feedOf = storesOf(createFeed);

export function useFeed(): FeedView {
  return useStore(feedOf(useClient(), ""));
}
