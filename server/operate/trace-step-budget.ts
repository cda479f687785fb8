import type { UnstampedStep } from "./event-trace.ts";

/** Passes on a number of steps per second, and reports how many were left out. */
export class StepBudget {
  readonly #emit: (step: UnstampedStep) => void;
  readonly #perSecond: number;
  #left: number;
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(perSecond: number, report: (step: UnstampedStep) => void) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#emit = report;
  }

  /** Whether further steps of this second are only counted. */
  get isSpent(): boolean {
    return this.#left === 0;
  }

  report(step: UnstampedStep): void {
    this.#timer ??= setTimeout(() => this.#renew(), 1_000).unref();
    if (this.isSpent) return this.leaveOut();
    this.#left--;
    this.#emit(step);
  }

  /** Counts something that would have been at least one step. */
  leaveOut(): void {
    this.#leftOut++;
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#leftOut > 0) this.#emit({ step: "left_out", steps: this.#leftOut });
  }

  #renew(): void {
    this.#timer = undefined;
    if (this.#leftOut > 0) this.#emit({ step: "left_out", steps: this.#leftOut });
    this.#left = this.#perSecond;
    this.#leftOut = 0;
  }
}
