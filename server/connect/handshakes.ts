/** Connections that are begun in one turn of the event loop: so many take some tens of milliseconds. */
export const perTurn = 32;

/**
 * Begins connections a few at a time. When an instance is lost its clients come to the others all at once, thousands of
 * requests in one turn, and nobody else would be served before the last of them was.
 */
export class Handshakes {
  readonly #waiting: (() => void)[] = [];
  #begun = 0;
  /** Whether the end of this turn is waited for. */
  #isCounting = false;

  /** Calls `begin` now, or in a later turn when enough were begun in this one; in the order in which they came. */
  take(begin: () => void): void {
    if (!this.#isCounting) {
      this.#isCounting = true;
      setImmediate(() => this.#nextTurn());
    }
    if (this.#begun < perTurn) {
      this.#begun++;
      begin();
    } else {
      this.#waiting.push(begin);
    }
  }

  #nextTurn(): void {
    this.#isCounting = false;
    this.#begun = 0;
    // Those that go on waiting stand before those that come now.
    for (const begin of this.#waiting.splice(0, perTurn)) this.take(begin);
  }
}
