import type { LoopTurns } from "../../runtime/loop-turns.ts";

/** Where commands are read from. */
export interface Source {
  /** Stops reading until the returned function is called. */
  pause(): () => void;
}

/** Commands of one connection that are started per turn. */
export const commandsPerTurn = 64;

/**
 * Keeps a busy connection from starving the others. Its input arrives in large chunks, thousands of commands each; only
 * some are started per turn, in order, and no more input is read meanwhile.
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
