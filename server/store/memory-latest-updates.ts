import {
  type HealthEvent,
  keptComponents,
  keptMs,
  type LatestUpdate,
  type LatestUpdates,
  subjectOf,
} from "./latest-updates.ts";
import type { StoreTime } from "./store-time.ts";

/** Has synchronous methods too: {@link note} is `keep`, {@link noted} is `all`. */
interface MemoryLatestUpdates extends LatestUpdates {
  note(event: HealthEvent): void;
  noted(): LatestUpdate[];
}

/** Keeps the updates in the memory of this process. */
export function createMemoryLatestUpdates({ time }: { time: StoreTime }): MemoryLatestUpdates {
  /** Oldest first. */
  const kept = new Map<string, LatestUpdate>();

  const dropOld = () => {
    for (const [subject, { at }] of kept) {
      if (at + keptMs > time.now() && kept.size <= keptComponents) return;
      kept.delete(subject);
    }
  };

  const note = (event: HealthEvent) => {
    kept.delete(subjectOf(event));
    kept.set(subjectOf(event), { event, at: time.now() });
    dropOld();
  };

  const noted = () => {
    dropOld();
    return [...kept.values()];
  };

  return { note, noted, keep: async (event) => note(event), all: async () => noted() };
}
