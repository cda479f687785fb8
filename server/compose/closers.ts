/** Closes the parts that were opened, in reverse order, also after a start that failed half-way. */
export class Closers {
  readonly #stack: { name: string; close: () => unknown }[] = [];

  /** `close` may be asynchronous. If it fails, the others are closed all the same. */
  add(name: string, close: () => unknown): void {
    this.#stack.push({ name, close });
  }

  /** Closes everything that is still open; a second call does nothing. Rejects when something could not be closed. */
  async close(): Promise<void> {
    const failures: Error[] = [];
    for (let opened = this.#stack.pop(); opened; opened = this.#stack.pop()) {
      try {
        await opened.close();
      } catch (cause) {
        failures.push(new Error(`Could not close ${opened.name}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join("; "));
  }
}
