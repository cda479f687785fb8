import type { Clock } from "../runtime/clock.ts";

/**
 * The time by which everything in the store is judged, the same for all instances: ages, leases, deadlines, and what is
 * the newest. The clocks of the instances' machines may differ, and may be set at any time.
 */
export interface StoreTime {
  /** Milliseconds since 1970. */
  now(): number;
}

/** The time of a store in the memory of one process: begins with the time of day, and never steps. */
export function steadyTime(clock: Clock): StoreTime {
  const origin = clock.now() - clock.monotonicMs();
  return { now: () => Math.floor(origin + clock.monotonicMs()) };
}
