/** How long to wait between attempts to connect. All of it can be chosen. */
export interface BackoffOptions {
  /** Before the first repetition, milliseconds. Default: 1 000. */
  baseMs: number;
  /** What the delay grows to, milliseconds. Default: 30 000. */
  maxMs: number;
  /** Attempts to come back before the client gives up; `Infinity`: it never does. Default: 10. */
  attempts: number;
  /** The share of a delay that is left to chance, 0 to 1, at the longest delay as well. Default: 0.1. */
  jitter: number;
}

/** What holds where nothing else is chosen. */
export const defaultBackoff: BackoffOptions = { baseMs: 1_000, maxMs: 30_000, attempts: 10, jitter: 0.1 };

/**
 * Milliseconds to wait before an attempt, the first being 1. It doubles, and chance shortens it, so that it is never over
 * the maximum and clients that failed together do not come back together.
 */
export function backoffDelay({ baseMs, maxMs, jitter }: BackoffOptions, attempt: number, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return Math.round(full * (1 - jitter * random));
}
