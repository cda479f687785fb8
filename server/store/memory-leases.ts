import type { Leases } from "./leases.ts";
import type { StoreTime } from "./store-time.ts";

/** Keeps the queues in the memory of this process. */
export function createMemoryLeases({ time }: { time: StoreTime }): Leases {
  const queues = new Map<string, Map<string, number>>();

  const earliest = (queue: string) =>
    [...(queues.get(queue) ?? [])].sort(([a, atA], [b, atB]) => atA - atB || (a < b ? -1 : 1));

  return {
    async set(queue, leases) {
      const entries = queues.get(queue) ?? new Map<string, number>();
      for (const { id, inMs } of leases) entries.set(id, time.now() + inMs);
      if (entries.size > 0) queues.set(queue, entries);
    },

    async hasten(queue, leases) {
      const entries = queues.get(queue) ?? new Map<string, number>();
      for (const { id, inMs } of leases) {
        entries.set(id, Math.min(entries.get(id) ?? Number.POSITIVE_INFINITY, time.now() + inMs));
      }
      if (entries.size > 0) queues.set(queue, entries);
    },

    async clear(queue, id) {
      const entries = queues.get(queue);
      entries?.delete(id);
      if (entries?.size === 0) queues.delete(queue);
    },

    async claim(queue, limit, forMs) {
      const now = time.now();
      const entries = queues.get(queue);
      // Checked before sorting, since the sweepers of an idle server call often and usually nothing is due.
      if (![...(entries?.values() ?? [])].some((at) => at <= now)) return [];
      const due = earliest(queue).filter(([, at]) => at <= now);
      const claimed = due.slice(0, limit).map(([id]) => id);
      for (const id of claimed) entries?.set(id, now + forMs);
      return claimed;
    },

    async first(wanted, limit) {
      const entries = wanted.flatMap((queue) => earliest(queue).map(([id, at]) => ({ queue, id, at })));
      return entries
        .sort((a, b) => a.at - b.at)
        .slice(0, limit)
        .map(({ queue, id }) => ({ queue, id }));
    },

    async size(queue) {
      return queues.get(queue)?.size ?? 0;
    },
  };
}
