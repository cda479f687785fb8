/** Items per batch at most. */
const maxBatch = 32;

/** While the queue of a key is busy, collects the key's items into a batch. */
export class KeyedBatcher<Key, Item> {
  readonly #waiting = new Map<Key, Item[]>();
  readonly #inOrder: (key: Key, run: () => Promise<void>) => Promise<unknown>;
  readonly #make: (key: Key, all: readonly Item[]) => Promise<void>;

  /** `inOrder` runs the calls of one key one after another. `make` must not reject. */
  constructor(
    inOrder: (key: Key, run: () => Promise<void>) => Promise<unknown>,
    make: (key: Key, all: readonly Item[]) => Promise<void>,
  ) {
    this.#inOrder = inOrder;
    this.#make = make;
  }

  add(key: Key, item: Item): void {
    const waiting = this.#waiting.get(key);
    if (waiting && waiting.length < maxBatch) return void waiting.push(item);
    const all = [item];
    this.#waiting.set(key, all);
    void this.#inOrder(key, async () => {
      if (this.#waiting.get(key) === all) this.#waiting.delete(key);
      await this.#make(key, all);
    });
  }
}
