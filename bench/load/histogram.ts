/** How long things took, in buckets a twentieth wide: many, and no memory for each. */
export class Histogram {
  readonly #buckets = new Float64Array(512);
  #count = 0;
  #max = 0;

  add(milliseconds: number, count = 1): void {
    const index = milliseconds <= 0.01 ? 0 : Math.round(Math.log(milliseconds / 0.01) / Math.log(1.05));
    const bucket = Math.min(this.#buckets.length - 1, Math.max(0, index));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + count;
    this.#count += count;
    this.#max = Math.max(this.#max, milliseconds);
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
    this.#max = 0;
  }

  quantile(q: number): number {
    let rest = this.#count * q;
    for (let index = 0; index < this.#buckets.length; index++) {
      rest -= this.#buckets[index] ?? 0;
      if (rest <= 0) return 0.01 * 1.05 ** index;
    }
    return this.#max;
  }

  get summary(): { p50: number; p99: number; max: number } {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99), max: this.#max };
  }
}
