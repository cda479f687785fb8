import type { Broadcast, BroadcastMessage } from "./broadcast.ts";

/** For a single instance: each message goes to its own listeners. */
export function createMemoryBroadcast(): Broadcast {
  const listeners: ((message: BroadcastMessage) => void)[] = [];
  /** Messages that listeners send wait until all listeners have received the current message. */
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
