/**
 * Collects items during one turn of the event loop and passes them on together, in order, when the turn ends: one
 * system call, write or call to the store for all of them.
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

  /** Passes the items on now. Items added meanwhile belong to the next turn. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#flush(items);
  }
}
