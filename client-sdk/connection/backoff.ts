/** Delays between connection attempts. */
export interface BackoffOptions {
  /** Delay before the first retry, milliseconds. Default: 1 000. */
  baseMs: number;
  /** Longest delay, milliseconds. Default: 30 000. */
  maxMs: number;
  /** Failed attempts in a row after which the client gives up. Default: `Infinity`, which means never. */
  attempts: number;
  /** The random share of a delay, 0 to 1. Default: 0.1. */
  jitter: number;
}

/** The delays of a client that is given none: 1 s to 30 s, without end. */
export const defaultBackoff: BackoffOptions = {
  baseMs: 1_000,
  maxMs: 30_000,
  attempts: Number.POSITIVE_INFINITY,
  jitter: 0.1,
};

/**
 * Milliseconds to wait before an attempt, counted from 1. The delay doubles up to the maximum, and chance shortens it, also
 * at the maximum, so that clients that failed together do not retry together.
 */
export function backoffDelay({ baseMs, maxMs, jitter }: BackoffOptions, attempt: number, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return Math.round(full * (1 - jitter * random));
}
