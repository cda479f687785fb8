import { EndOfTurn } from "../runtime/end-of-turn.ts";

/** Connections that are begun in one turn of the event loop: so many take some tens of milliseconds. */
export const perTurn = 32;

/**
 * Begins connections a few at a time. When an instance is lost its clients come to the others all at once, thousands of
 * requests in one turn, and nobody else would be served before the last of them was.
 */
export class Handshakes {
  readonly #waiting: (() => void)[] = [];
  readonly #turn = new EndOfTurn<void>(() => this.#nextTurn());
  #begun = 0;

  /** Calls `begin` now, or in a later turn when enough were begun in this one; in the order of the calls. */
  take(begin: () => void): void {
    this.#turn.add();
    if (this.#begun < perTurn) {
      this.#begun++;
      begin();
    } else {
      this.#waiting.push(begin);
    }
  }

  #nextTurn(): void {
    this.#begun = 0;
    // Those that have waited stand before those that arrive now.
    for (const begin of this.#waiting.splice(0, perTurn)) this.take(begin);
  }
}
