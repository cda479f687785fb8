import type { Gap, GetState } from "./gap.ts";

/** Delivers events to the application in order, holding them back while it reloads its state after a gap. */
export class DeliveryQueue {
  #held: (() => void)[] | undefined;

  deliver(action: () => void): void {
    if (this.#held) this.#held.push(action);
    else action();
  }

  /** With `getState` the gap is delivered together with the state, and events that arrive meanwhile after it. */
  deliverGap(gap: Gap, getState: GetState | undefined, emit: (gap: Gap) => void): void {
    if (!getState) return this.deliver(() => emit(gap));
    this.deliver(() => {
      this.#held = [];
      Promise.resolve()
        .then(() => getState(gap))
        .then(
          (state) => this.#release(() => emit({ ...gap, state })),
          (error: unknown) => this.#release(() => emit({ ...gap, error })),
        );
    });
  }

  /** Drops what is held back. */
  close(): void {
    this.#held = undefined;
  }

  #release(first: () => void): void {
    const held = this.#held;
    this.#held = undefined;
    if (!held) return;
    first();
    // One of them may be another gap, which holds back the rest.
    for (const action of held) this.deliver(action);
  }
}
