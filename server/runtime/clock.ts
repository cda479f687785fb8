/** The time as the server sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Of the latest millisecond that was asked for, which mostly is the one that is asked for next. */
let latest = { ms: Number.NaN, text: "" };

export function timestampOf(clock: Clock): string {
  const ms = clock.now();
  if (ms !== latest.ms) latest = { ms, text: new Date(ms).toISOString() };
  return latest.text;
}
