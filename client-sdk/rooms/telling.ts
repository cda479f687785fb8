import type { Gap, GetState } from "./gap.ts";

/** Tells an application what happens, in order: at once, or when it has loaded what a gap has made old. */
export class Telling {
  #held: (() => void)[] | undefined;

  tell(action: () => void): void {
    if (this.#held) this.#held.push(action);
    else action();
  }

  /** With `getState` the gap is told with the state, and what comes meanwhile behind it. */
  gap(gap: Gap, getState: GetState | undefined, told: (gap: Gap) => void): void {
    if (!getState) return this.tell(() => told(gap));
    this.tell(() => {
      this.#held = [];
      Promise.resolve()
        .then(() => getState(gap))
        .then(
          (state) => this.#release(() => told({ ...gap, state })),
          (error: unknown) => this.#release(() => told({ ...gap, error })),
        );
    });
  }

  /** What is held is told to nobody. */
  stop(): void {
    this.#held = undefined;
  }

  #release(first: () => void): void {
    const held = this.#held;
    this.#held = undefined;
    if (!held) return;
    first();
    // One of these may be a gap again, and hold up the others.
    for (const action of held) this.tell(action);
  }
}
