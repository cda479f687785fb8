import type { Counters } from "./counters.ts";

type Counted = Pick<Counters, "commands" | "events" | "deliveries">;

export interface Rate {
  commandsPerSecond: number;
  eventsPerSecond: number;
  deliveriesPerSecond: number;
}

/** Whoever asks more often is told the same again. */
const shortestMs = 1_000;

/** How much is done per second, between the last two looks at it. */
export class Rates {
  readonly #counters: Counted;
  #before: Counted;
  #at = performance.now();
  #rate: Rate = { commandsPerSecond: 0, eventsPerSecond: 0, deliveriesPerSecond: 0 };

  constructor(counters: Counted) {
    this.#counters = counters;
    this.#before = { ...counters };
  }

  get current(): Rate {
    const elapsedMs = performance.now() - this.#at;
    if (elapsedMs < shortestMs) return this.#rate;
    const perSecond = (of: keyof Counted) =>
      Math.round(((this.#counters[of] - this.#before[of]) / elapsedMs) * 10_000) / 10;
    this.#rate = {
      commandsPerSecond: perSecond("commands"),
      eventsPerSecond: perSecond("events"),
      deliveriesPerSecond: perSecond("deliveries"),
    };
    this.#before = { ...this.#counters };
    this.#at = performance.now();
    return this.#rate;
  }
}
