import type { Broadcast, BroadcastMessage } from "./broadcast.ts";

/** One instance: what it sends, it hears. */
export function createMemoryBroadcast(): Broadcast {
  const listeners: ((message: BroadcastMessage) => void)[] = [];
  return {
    send(message) {
      for (const listener of listeners) listener(message);
    },
    listen(listener) {
      listeners.push(listener);
    },
  };
}
