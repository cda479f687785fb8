import type { Clock } from "../../server/clock.ts";
import type { Broadcast } from "../../server/deliver/broadcast.ts";
import { createMemoryBroadcast } from "../../server/deliver/memory-broadcast.ts";
import type { Documents } from "../../server/documents/documents.ts";
import { createMemoryDocuments } from "../../server/documents/memory-documents.ts";
import type { EventLog } from "../../server/log/event-log.ts";
import { createMemoryEventLog } from "../../server/log/memory-event-log.ts";
import { createMemoryPresence } from "../../server/presence/memory-presence.ts";
import type { Presence } from "../../server/presence/presence.ts";

/** One set of twins of all ports. */
export interface Store {
  log: EventLog;
  documents: Documents;
  presence: Presence;
  broadcast: Broadcast;
  close(): Promise<void>;
}

export interface StoreOptions {
  clock: Clock;
  maxEvents?: number;
  ttlSeconds?: number;
}

/** The stores that every suite over a port, and every test of the server, runs with. */
export const stores = ["memory"] as const;
export type StoreName = (typeof stores)[number];

export async function openStore(
  name: StoreName,
  { clock, maxEvents = 10_000, ttlSeconds = 604_800 }: StoreOptions,
): Promise<Store> {
  switch (name) {
    case "memory":
      return {
        log: createMemoryEventLog({ clock, maxEvents, ttlSeconds }),
        documents: createMemoryDocuments({ clock }),
        presence: createMemoryPresence({ clock }),
        broadcast: createMemoryBroadcast(),
        close: async () => {},
      };
  }
}
