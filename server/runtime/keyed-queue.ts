/** Runs the tasks of each key one after another, in the order of the calls. */
export class KeyedQueue<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  run<T>(key: Key, run: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before ? before.then(run) : run();
    // The key's next task starts when this one settles, even if it fails.
    const ended = result.then(
      () => {},
      () => {},
    );
    this.#last.set(key, ended);
    void ended.then(() => {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    });
    return result;
  }
}
