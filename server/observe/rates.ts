import type { Counters } from "./counters.ts";

type Counted = Pick<Counters, "commands" | "events" | "deliveries">;

interface Rate {
  commandsPerSecond: number;
  eventsPerSecond: number;
  deliveriesPerSecond: number;
  /** The share of the time in which the event loop was busy. */
  loopUtilization: number;
}

/** Calls within this time of the last measurement get the same result. */
const shortestMs = 1_000;

/** Rates per second between the last two measurements. */
export class Rates {
  readonly #counters: Counted;
  #before: Counted;
  #at = performance.now();
  #loopBefore = performance.eventLoopUtilization();
  #rate: Rate = { commandsPerSecond: 0, eventsPerSecond: 0, deliveriesPerSecond: 0, loopUtilization: 0 };

  constructor(counters: Counted) {
    this.#counters = counters;
    this.#before = { ...counters };
  }

  get current(): Rate {
    const elapsedMs = performance.now() - this.#at;
    if (elapsedMs < shortestMs) return this.#rate;
    const perSecond = (of: keyof Counted) =>
      Math.round(((this.#counters[of] - this.#before[of]) / elapsedMs) * 10_000) / 10;
    const loop = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(loop, this.#loopBefore);
    this.#rate = {
      commandsPerSecond: perSecond("commands"),
      eventsPerSecond: perSecond("events"),
      deliveriesPerSecond: perSecond("deliveries"),
      loopUtilization: Math.round(utilization * 1_000) / 1_000,
    };
    this.#before = { ...this.#counters };
    this.#loopBefore = loop;
    this.#at = performance.now();
    return this.#rate;
  }
}
