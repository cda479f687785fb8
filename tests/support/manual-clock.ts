import type { Clock } from "../../server/runtime/clock.ts";

/** Time that passes when a test says so. Begins now, so that tokens signed by real clocks are good. */
export class ManualClock implements Clock {
  #now = Date.now();
  #monotonicMs = Math.round(performance.now());

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Lets so many milliseconds pass. */
  advance(ms: number): void {
    this.#now += ms;
    this.#monotonicMs += ms;
  }

  /** Sets the time of day by so many milliseconds, forth or back; no time passes. */
  step(ms: number): void {
    this.#now += ms;
  }
}
