import { EndOfTurn } from "./end-of-turn.ts";

/** Numbers the turns of the event loop in which its number was asked for. */
export class LoopTurns {
  #current = 0;
  #isCounting = false;
  readonly #end = new EndOfTurn<void>(() => {
    this.#isCounting = false;
    this.#current++;
  });

  /** The same number for as long as the turn lasts. */
  get current(): number {
    if (!this.#isCounting) {
      this.#isCounting = true;
      this.#end.add();
    }
    return this.#current;
  }
}
