import type { Clock } from "../runtime/clock.ts";

export interface Rate {
  perSecond: number;
  burst: number;
}

/** Grants tokens at a rate, with a burst at first. */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #tokens: number;
  #filledMs: number;

  /** One `rate` object is shared by many buckets, since each connection has several. */
  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#filledMs = clock.monotonicMs();
  }

  get burst(): number {
    return this.#rate.burst;
  }

  /** Takes a token and returns 0; if there is none, returns the milliseconds until there will be one. */
  take(): number {
    const { perSecond, burst } = this.#rate;
    const perMs = perSecond / 1_000;
    const now = this.#clock.monotonicMs();
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#filledMs) * perMs);
    this.#filledMs = now;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / perMs);
    this.#tokens--;
    return 0;
  }
}
