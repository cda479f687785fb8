import type { Clock } from "../runtime/clock.ts";

/**
 * The time of the store, the same for all instances. Ages, leases, deadlines and the order of updates are decided by it,
 * since the clocks of the instances' machines may differ, and may be set at any time.
 */
export interface StoreTime {
  /** Milliseconds since 1970. */
  now(): number;
}

/** The time of a store in memory: begins with the time of day, and never jumps. */
export function steadyTime(clock: Clock): StoreTime {
  const origin = clock.now() - clock.monotonicMs();
  return { now: () => Math.floor(origin + clock.monotonicMs()) };
}
