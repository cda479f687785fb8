import type { Clock } from "../runtime/clock.ts";
import type { Leases } from "./leases.ts";

/** Keeps the queues in the memory of this process. */
export function createMemoryLeases({ clock }: { clock: Clock }): Leases {
  const lines = new Map<string, Map<string, number>>();

  const earliest = (line: string) =>
    [...(lines.get(line) ?? [])].sort(([a, atA], [b, atB]) => atA - atB || (a < b ? -1 : 1));

  return {
    async set(line, leases) {
      const entries = lines.get(line) ?? new Map<string, number>();
      for (const { id, inMs } of leases) entries.set(id, clock.now() + inMs);
      if (entries.size > 0) lines.set(line, entries);
    },

    async hasten(line, leases) {
      const entries = lines.get(line) ?? new Map<string, number>();
      for (const { id, inMs } of leases) {
        entries.set(id, Math.min(entries.get(id) ?? Number.POSITIVE_INFINITY, clock.now() + inMs));
      }
      if (entries.size > 0) lines.set(line, entries);
    },

    async clear(line, id) {
      const entries = lines.get(line);
      entries?.delete(id);
      if (entries?.size === 0) lines.delete(line);
    },

    async claim(line, limit, forMs) {
      const now = clock.now();
      const entries = lines.get(line);
      // Checked before sorting, since the sweepers of an idle server call often and usually nothing is due.
      if (![...(entries?.values() ?? [])].some((at) => at <= now)) return [];
      const due = earliest(line).filter(([, at]) => at <= now);
      const claimed = due.slice(0, limit).map(([id]) => id);
      for (const id of claimed) entries?.set(id, now + forMs);
      return claimed;
    },

    async first(wanted, limit) {
      const entries = wanted.flatMap((line) => earliest(line).map(([id, at]) => ({ line, id, at })));
      return entries
        .sort((a, b) => a.at - b.at)
        .slice(0, limit)
        .map(({ line, id }) => ({ line, id }));
    },

    async size(line) {
      return lines.get(line)?.size ?? 0;
    },
  };
}
