/** So many are made as one. */
const togetherMax = 32;

/** What waits for its turn at something, and is then made together with whatever else waits there. */
export class KeyedBatcher<Key, Item> {
  readonly #waiting = new Map<Key, Item[]>();
  readonly #inOrder: (key: Key, run: () => Promise<void>) => Promise<unknown>;
  readonly #make: (key: Key, all: readonly Item[]) => Promise<void>;

  /** `inOrder` runs one after the other what has the same key. `make` must not reject. */
  constructor(
    inOrder: (key: Key, run: () => Promise<void>) => Promise<unknown>,
    make: (key: Key, all: readonly Item[]) => Promise<void>,
  ) {
    this.#inOrder = inOrder;
    this.#make = make;
  }

  add(key: Key, item: Item): void {
    const waiting = this.#waiting.get(key);
    if (waiting && waiting.length < togetherMax) return void waiting.push(item);
    const all = [item];
    this.#waiting.set(key, all);
    void this.#inOrder(key, async () => {
      if (this.#waiting.get(key) === all) this.#waiting.delete(key);
      await this.#make(key, all);
    });
  }
}
