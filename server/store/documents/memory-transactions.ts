import { monitoringLog } from "../../../shared/room.ts";
import type { EventLog } from "../log/event-log.ts";
import type { StoreTime } from "../store-time.ts";
import type { MemoryDocuments } from "./memory-documents.ts";
import type { Transactions } from "./transactions.ts";

interface MemoryTransactionsOptions {
  documents: MemoryDocuments;
  /** The log in memory, whose appends take effect synchronously. */
  log: EventLog;
  time: StoreTime;
}

/** Atomic because documents and log take effect synchronously, so that nothing else runs in between. */
export function createMemoryTransactions({ documents, log, time }: MemoryTransactionsOptions): Transactions {
  return {
    async commit({ documents: changes, events }) {
      if (changes.some(({ kind, id, expected }) => documents.versionOf(kind, id) !== expected)) return undefined;

      const steps: Promise<unknown>[] = [];
      for (const { kind, id, value, expected, options } of changes) {
        steps.push(documents.put(kind, id, value, expected, options), documents.touch(kind, id, time.now()));
      }
      const appended = events.map((event) => log.append(monitoringLog, event));
      await Promise.all(steps);
      return (await Promise.all(appended)).map(({ position }) => position);
    },
  };
}
