import type { Clock } from "../../server/runtime/clock.ts";

/** Time that passes when a test says so. Begins now, so that tokens signed by real clocks are good. */
export class ManualClock implements Clock {
  #now = Date.now();
  #monotonicMs = Math.round(performance.now());
  #origin = this.#now - this.#monotonicMs;

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  redisMs(): number {
    return this.#origin + this.#monotonicMs;
  }

  /** A clock of another machine: the same time passes there, and its time of day is ahead by so much. */
  aheadBy(ms: number): Clock {
    return {
      now: () => this.now() + ms,
      monotonicMs: () => this.monotonicMs(),
      redisMs: () => this.redisMs(),
    };
  }

  /** Lets so many milliseconds pass. */
  advance(ms: number): void {
    this.#now += ms;
    this.#monotonicMs += ms;
  }

  /** Sets the clock of Redis by so many milliseconds, forth or back. */
  stepRedis(ms: number): void {
    this.#origin += ms;
  }

  /** Sets the time of day by so many milliseconds, forth or back; no time passes. */
  step(ms: number): void {
    this.#now += ms;
  }
}
