import type { Clock } from "../../server/runtime/clock.ts";

/** Time that passes when a test says so. Begins now, so that tokens signed by real clocks are good. */
export class ManualClock implements Clock {
  #now = Date.now();

  now(): number {
    return this.#now;
  }

  /** Lets so many milliseconds pass. */
  advance(ms: number): void {
    this.#now += ms;
  }
}
