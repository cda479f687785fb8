import type { MessageId } from "../../shared/ids.ts";

/** How often somebody who waits looks by himself: what instances tell each other may get lost. */
const lookMs = 1_000;

/** How a dispatch is, and whether it stays so. */
type Look<T> = () => Promise<{ value: T; isLast: boolean }>;

/** With how the dispatch has ended, where that is known. */
type Wake<T> = (last?: T) => void;

/** Those who wait for the end of a dispatch. */
export class DispatchWaiters<T> {
  readonly #waiting = new Map<MessageId, Set<Wake<T>>>();
  /** Until when each waits, by the clock of `performance`. */
  readonly #all = new Map<{ until: number }, Promise<unknown>>();
  #isClosed = false;

  /** Asks `look` until it has an answer, each time that something is heard of the dispatch, and at last after `ms`. */
  async wait(messageId: MessageId, ms: number, look: Look<T>): Promise<T> {
    const wait = { until: this.#isClosed ? 0 : performance.now() + ms };
    const answer = this.#wait(messageId, wait, look);
    this.#all.set(wait, answer);
    try {
      return await answer;
    } finally {
      this.#all.delete(wait);
    }
  }

  async #wait(messageId: MessageId, wait: { until: number }, look: Look<T>): Promise<T> {
    for (;;) {
      // Listens before it looks: what ends in between is not missed.
      const heard = this.#listen(messageId);
      try {
        const { value, isLast } = await look();
        const left = wait.until - performance.now();
        if (isLast || left <= 0) return value;
        const last = await heard.within(Math.min(left, lookMs));
        if (last !== undefined) return last;
      } finally {
        heard.stop();
      }
    }
  }

  /** The dispatch has ended; where it is not said how, they look. */
  wake(messageId: MessageId, last?: T): void {
    for (const wake of this.#waiting.get(messageId) ?? []) wake(last);
  }

  /**
   * Those who wait now do so for as many milliseconds more as each is given, and a look more. Resolves when nobody does,
   * now or later.
   */
  async drain(delayMs: () => number): Promise<void> {
    this.#isClosed = true;
    const now = performance.now();
    for (const wait of this.#all.keys()) wait.until = Math.min(wait.until, now + delayMs());
    // Those whose time is over already need not wait for the next look.
    this.#wakeAll();
    await Promise.allSettled(this.#all.values());
  }

  /** Answers everybody now, and from now on at once. */
  close(): void {
    this.#isClosed = true;
    for (const wait of this.#all.keys()) wait.until = 0;
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const messageId of this.#waiting.keys()) this.wake(messageId);
  }

  #listen(messageId: MessageId) {
    const waiting = this.#waiting.get(messageId) ?? new Set();
    this.#waiting.set(messageId, waiting);
    let wake: Wake<T> = () => {};
    const woken = new Promise<T | undefined>((resolve) => {
      wake = resolve;
    });
    waiting.add(wake);
    return {
      within: async (ms: number) => {
        const timer = setTimeout(wake, ms);
        const last = await woken;
        clearTimeout(timer);
        return last;
      },
      stop: () => {
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(messageId) === waiting) this.#waiting.delete(messageId);
      },
    };
  }
}
