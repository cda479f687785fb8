import { EndOfTurn } from "../runtime/end-of-turn.ts";

/** Handshakes per turn of the event loop. So many take some tens of milliseconds. */
export const perTurn = 32;

/**
 * Starts a limited number of handshakes per turn. When an instance dies, its clients reconnect to the others all at
 * once. Thousands of handshakes in one turn would delay every other client until the last of them is done.
 */
export class Handshakes {
  readonly #waiting: (() => void)[] = [];
  readonly #turn = new EndOfTurn<void>(() => this.#nextTurn());
  #begun = 0;

  /** Calls `begin` now, or in a later turn if this one has reached its limit. Keeps the order of the calls. */
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
    // Handshakes that have waited go before those that arrive now.
    for (const begin of this.#waiting.splice(0, perTurn)) this.take(begin);
  }
}
