import type { Seen } from "./event-trace.ts";

/** Tells so many steps a second, and of the others how many they were. */
export class StepBudget {
  readonly #tell: (step: Seen) => void;
  readonly #perSecond: number;
  #left: number;
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(perSecond: number, tell: (step: Seen) => void) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#tell = tell;
  }

  /** What comes until the second is over is only counted. */
  get isSpent(): boolean {
    return this.#left === 0;
  }

  tell(step: Seen): void {
    this.#timer ??= setTimeout(() => this.#renew(), 1_000).unref();
    if (this.isSpent) return this.leaveOut();
    this.#left--;
    this.#tell(step);
  }

  /** Something that would have been a step at least. */
  leaveOut(): void {
    this.#leftOut++;
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#leftOut > 0) this.#tell({ step: "left_out", steps: this.#leftOut });
  }

  #renew(): void {
    this.#timer = undefined;
    if (this.#leftOut > 0) this.#tell({ step: "left_out", steps: this.#leftOut });
    this.#left = this.#perSecond;
    this.#leftOut = 0;
  }
}
