/**
 * Gathers what one turn of the event loop brings, and hands it over when the turn ends, in the order of its arrival: a
 * system call, a write or a call to the store is paid once for all of it.
 */
export class EndOfTurn<Item> {
  readonly #flush: (items: Item[]) => void;
  #items: Item[] = [];

  constructor(flush: (items: Item[]) => void) {
    this.#flush = flush;
  }

  add(item: Item): void {
    if (this.#items.push(item) === 1) setImmediate(() => this.flush());
  }

  /** Hands over now. What is added meanwhile belongs to the next turn. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#flush(items);
  }
}
