/** The time as the server sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export function timestampOf(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
