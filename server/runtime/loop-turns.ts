import { EndOfTurn } from "./end-of-turn.ts";

/** Numbers the turns of the event loop. */
export class LoopTurns {
  #current = 0;
  #isCounting = false;
  readonly #end = new EndOfTurn<void>(() => {
    this.#isCounting = false;
    this.#current++;
  });

  /** The same number throughout a turn. */
  get current(): number {
    if (!this.#isCounting) {
      this.#isCounting = true;
      this.#end.add();
    }
    return this.#current;
  }
}
