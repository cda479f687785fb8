/** Runs what belongs to one lane in the order of the calls, one after the other. */
export class KeyedQueue<Lane> {
  readonly #last = new Map<Lane, Promise<unknown>>();

  run<T>(lane: Lane, run: () => Promise<T>): Promise<T> {
    const before = this.#last.get(lane);
    const result = before ? before.then(run) : run();
    // The next one in the lane waits for the end, whatever it is.
    const ended = result.then(
      () => {},
      () => {},
    );
    this.#last.set(lane, ended);
    void ended.then(() => {
      if (this.#last.get(lane) === ended) this.#last.delete(lane);
    });
    return result;
  }
}
