import type { Histogram } from "./histogram.ts";

/** One room as the load generator sees it: what was published there, and who has got how much of it. */
export class Room {
  deliveries = 0;
  published = 0;
  /** Publications that every member has. */
  completed = 0;
  readonly #members: number;
  readonly #latency: Histogram;
  /** By the number of the publication. */
  readonly #sentAt: Float64Array;
  readonly #missing: Int32Array;
  readonly #ring: number;
  onCompleted: () => void = () => {};

  constructor(members: number, latency: Histogram, ring: number) {
    this.#members = members;
    this.#latency = latency;
    this.#ring = ring;
    this.#sentAt = new Float64Array(ring);
    this.#missing = new Int32Array(ring);
  }

  /** What a member calls for each event; they come to everybody in one order. */
  member(): (now: number) => void {
    let next = 0;
    return (now) => {
      const slot = next++ % this.#ring;
      this.deliveries++;
      this.#latency.add(now - (this.#sentAt[slot] ?? 0));
      const missing = (this.#missing[slot] ?? 0) - 1;
      this.#missing[slot] = missing;
      if (missing > 0) return;
      this.completed++;
      this.onCompleted();
    };
  }

  publishes(): void {
    const slot = this.published++ % this.#ring;
    this.#sentAt[slot] = performance.now();
    this.#missing[slot] = this.#members;
  }
}
