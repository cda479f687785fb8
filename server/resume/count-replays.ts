import type { CatchUp } from "./start-catch-up.ts";

interface ReplayCounters {
  replays: { add(result: string): void };
  replayedEvents: number;
}

/** Counts catch-ups from a position by their result: all events that the client missed, or why not. */
export function countReplays<Args extends unknown[]>(
  start: (...args: Args) => Promise<CatchUp>,
  counters: ReplayCounters,
): (...args: Args) => Promise<CatchUp> {
  return async (...args) => {
    const { reachesLive, finish } = await start(...args);
    return {
      reachesLive,
      finish() {
        const resumed = finish();
        if (resumed.recovered === undefined) return resumed;
        counters.replays.add(resumed.lostReason ?? "recovered");
        counters.replayedEvents += resumed.events.length;
        return resumed;
      },
    };
  };
}
