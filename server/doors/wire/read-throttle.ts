import type { LoopTurns } from "../../runtime/loop-turns.ts";

/** What commands are read from. */
export interface Source {
  /** Reads no more, until the function that it returns is called. */
  pause(): () => void;
}

/** Commands of one connection that are begun in one turn. */
export const commandsPerTurn = 64;

/**
 * Holds a greedy connection back. What it has sent is read in large pieces, thousands of commands each, and while they
 * are carried out nobody else is served: so only some are begun per turn, in their order, and no more is read meanwhile.
 */
export class ReadThrottle {
  readonly #turns: LoopTurns;
  readonly #source: Source;
  readonly #waiting: (() => void)[] = [];
  #turn = -1;
  #begun = 0;
  #resume: (() => void) | undefined;

  constructor(turns: LoopTurns, source: Source) {
    this.#turns = turns;
    this.#source = source;
  }

  take(begin: () => void): void {
    if (!this.#resume && this.#mayBegin()) return begin();
    this.#waiting.push(begin);
    if (this.#resume) return;
    this.#resume = this.#source.pause();
    setImmediate(() => this.#goOn());
  }

  #mayBegin(): boolean {
    const { current } = this.#turns;
    if (current !== this.#turn) {
      this.#turn = current;
      this.#begun = 0;
    }
    return this.#begun++ < commandsPerTurn;
  }

  #goOn(): void {
    for (const begin of this.#waiting.splice(0, commandsPerTurn)) begin();
    if (this.#waiting.length > 0) return void setImmediate(() => this.#goOn());
    this.#resume?.();
    this.#resume = undefined;
  }
}
