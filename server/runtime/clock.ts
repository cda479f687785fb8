/** The clocks of this machine. Tests provide their own. */
export interface Clock {
  /**
   * The time of day, in milliseconds since 1970. It jumps, forwards or backwards, when the clock is set. Use it for
   * timestamps, and to compare with timestamps of others, such as the expiry of a token.
   */
  now(): number;
  /** Milliseconds since a fixed moment in the past. Never jumps. Use it for durations and timeouts. */
  monotonicMs(): number;
  /** Only in tests: replaces the clock of Redis, which cannot be set. Milliseconds since 1970. */
  redisMs?(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() };

/** The monotonic clock as the option `perf` of `lru-cache`. */
export const perfOf = (clock: Clock) => ({ now: () => clock.monotonicMs() });

/** The end of the year 9999, the last time that RFC 3339 can represent. */
export const latestTimestampMs = 253_402_300_799_999;

/** The RFC 3339 timestamp of a time in milliseconds since 1970. Times out of range become the nearest valid one. */
export function timestampAt(ms: number): string {
  return new Date(ms > 0 ? Math.min(ms, latestTimestampMs) : 0).toISOString();
}

/** The latest timestamp. Cached, since the next one is usually for the same millisecond. */
let latest = { ms: Number.NaN, text: "" };

/** The current time as an RFC 3339 timestamp. */
export function timestampOf(clock: Clock): string {
  const ms = clock.now();
  if (ms !== latest.ms) latest = { ms, text: timestampAt(ms) };
  return latest.text;
}
