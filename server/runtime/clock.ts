/** The clocks of this machine; tests bring their own. */
export interface Clock {
  /**
   * The time of day: milliseconds since 1970. Steps, forth or back, when somebody sets it. For timestamps that are shown,
   * and for comparisons with times that others wrote by theirs, such as a token's end.
   */
  now(): number;
  /** Milliseconds since some moment of the past. Never steps: for how long something lasts, and when it is over. */
  monotonicMs(): number;
  /** Only of clocks that tests set: stands for the clock of Redis, which cannot be set. Milliseconds since 1970. */
  redisMs?(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() };

/** For caches of `lru-cache`, whose option `perf` is asked for the time. */
export const perfOf = (clock: Clock) => ({ now: () => clock.monotonicMs() });

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
