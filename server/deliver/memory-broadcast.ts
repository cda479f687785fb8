import type { Broadcast, BroadcastMessage } from "./broadcast.ts";

/** One instance: what it sends, it hears. */
export function createMemoryBroadcast(): Broadcast {
  const listeners: ((message: BroadcastMessage) => void)[] = [];
  /** What a listener sends waits until all have heard what it answers to. */
  const waiting: BroadcastMessage[] = [];
  let sending = false;

  return {
    send(message) {
      waiting.push(message);
      if (sending) return;
      sending = true;
      try {
        for (let next = waiting.shift(); next; next = waiting.shift()) for (const listener of listeners) listener(next);
      } finally {
        sending = false;
      }
    },
    listen(listener) {
      listeners.push(listener);
    },
  };
}
