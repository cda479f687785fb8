import type { Client, Envelope, Gap, Position } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";

/** Stands in the feed where events are missing that nobody has any more. */
export interface GapMarker {
  id: string;
  type: "history_lost";
  timestamp: string;
  reason: Gap["reason"];
}

export type FeedEntry = Envelope | GapMarker;

export interface FeedView {
  /** Newest first. */
  entries: readonly FeedEntry[];
  isLive: boolean;
  isPaused: boolean;
  /** So many have come since the pause. */
  waiting: number;
  /** More wait than are held here: the rest is in the server's log, and read from there when it goes on. */
  isReadLater: boolean;
  pause(): void;
  resume(): void;
}

/** So many are shown, and so many are held while it is paused. */
export const feedMost = 2_500;
const recentMost = 300;

/** Everything that happens, which can be held still without losing any of it. */
function createFeed(client: Client) {
  let shown: FeedEntry[] = [];
  let waiting: FeedEntry[] = [];
  let isLive = false;
  let isPaused = false;
  let isReadLater = false;
  let position: Position | undefined;
  let changed = () => {};
  let unsubscribe = () => {};

  function take(entry: FeedEntry): void {
    if (!isPaused) {
      shown.push(entry);
      if (shown.length > feedMost * 1.5) shown = shown.slice(-feedMost);
    } else if (waiting.push(entry) >= feedMost) {
      // What is held has an end. From here it goes on when somebody reads again.
      isReadLater = true;
      unsubscribe();
    }
    changed();
  }

  function follow(): void {
    let isMine = true;
    const cancel = client.monitoring.subscribe(
      "*",
      position ? { after: position } : { recent: recentMost },
      (event: Envelope) => {
        if (!isMine) return;
        if (event.position) position = event.position;
        take(event);
      },
      {
        live(reply) {
          position ??= reply.position;
          isLive = true;
          changed();
        },
        gap({ reason, position: goesOnAt }) {
          if (!isMine) return;
          position = goesOnAt;
          const timestamp = new Date().toISOString();
          take({
            id: `lost-${goesOnAt.epoch}-${goesOnAt.offset}-${timestamp}`,
            type: "history_lost",
            timestamp,
            reason,
          });
        },
      },
    );
    unsubscribe = () => {
      isMine = false;
      cancel();
    };
  }

  const pause = () => {
    isPaused = true;
    changed();
  };

  const resume = () => {
    isPaused = false;
    const held = waiting;
    waiting = [];
    for (const entry of held) take(entry);
    if (isReadLater) {
      isReadLater = false;
      follow();
    }
    changed();
  };

  return createStore<FeedView>({
    restMs: 100,
    read: () => ({
      entries: shown.slice(-feedMost).reverse(),
      isLive,
      isPaused,
      waiting: waiting.length,
      isReadLater,
      pause,
      resume,
    }),
    watch(tell) {
      changed = tell;
      if (!isReadLater) follow();
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
