import type { Clock } from "../clock.ts";

/** So many a second, and so many at once. */
export class TokenBucket {
  readonly #perMs: number;
  readonly burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor({ perSecond, burst }: { perSecond: number; burst: number }, clock: Clock) {
    this.#perMs = perSecond / 1000;
    this.burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** Takes one. The answer is 0, or the milliseconds until there will be one, and then none was taken. */
  take(): number {
    const now = this.#clock.now();
    // A clock that was set back gives nothing and takes nothing.
    const gained = Math.max(0, now - this.#filledAt) * this.#perMs;
    this.#tokens = Math.min(this.burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / this.#perMs);
    this.#tokens--;
    return 0;
  }
}
