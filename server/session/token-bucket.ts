import type { Clock } from "../runtime/clock.ts";

/** So many a second, and so many at once. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/** Gives as many as a rate allows. */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  /** The rate is shared by all that have the same: there are some of these for each connection. */
  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#filledAt = clock.now();
  }

  get burst(): number {
    return this.#rate.burst;
  }

  /** Takes one. The answer is 0, or the milliseconds until there will be one, and then none was taken. */
  take(): number {
    const { perSecond, burst } = this.#rate;
    const perMs = perSecond / 1_000;
    const now = this.#clock.now();
    // A clock that was set back gives nothing and takes nothing.
    const gained = Math.max(0, now - this.#filledAt) * perMs;
    this.#tokens = Math.min(burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / perMs);
    this.#tokens--;
    return 0;
  }
}
