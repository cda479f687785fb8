import type { Clock } from "../runtime/clock.ts";
import { type HealthEvent, keptComponents, keptMs, type LatestUpdates, subjectOf } from "./latest-updates.ts";

/** Has synchronous methods too: {@link note} is `keep`, {@link noted} is `all`. */
interface MemoryLatestUpdates extends LatestUpdates {
  note(event: HealthEvent): void;
  noted(): HealthEvent[];
}

/** Keeps the updates in the memory of this process. */
export function createMemoryLatestUpdates({ clock }: { clock: Clock }): MemoryLatestUpdates {
  /** Oldest first. */
  const kept = new Map<string, { event: HealthEvent; until: number }>();

  const dropOld = () => {
    for (const [subject, { until }] of kept) {
      if (until > clock.now() && kept.size <= keptComponents) return;
      kept.delete(subject);
    }
  };

  const note = (event: HealthEvent) => {
    kept.delete(subjectOf(event));
    kept.set(subjectOf(event), { event, until: clock.now() + keptMs });
    dropOld();
  };

  const noted = () => {
    dropOld();
    return [...kept.values()].map(({ event }) => event);
  };

  return { note, noted, keep: async (event) => note(event), all: async () => noted() };
}
