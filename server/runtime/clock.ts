/** The time as the server sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** The end of the year 9999: the last time that RFC 3339 can write. */
export const latestTimestampMs = 253_402_300_799_999;

/** Of milliseconds since 1970, whatever they are: never throws. A time before or after those that can be written is the nearest of them. */
export function timestampAt(ms: number): string {
  return new Date(ms > 0 ? Math.min(ms, latestTimestampMs) : 0).toISOString();
}

/** Of the latest millisecond that was asked for, which mostly is the one that is asked for next. */
let latest = { ms: Number.NaN, text: "" };

export function timestampOf(clock: Clock): string {
  const ms = clock.now();
  if (ms !== latest.ms) latest = { ms, text: timestampAt(ms) };
  return latest.text;
}
