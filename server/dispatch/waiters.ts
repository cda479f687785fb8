import type { MessageId } from "../../shared/ids.ts";

/** How often somebody who waits looks by himself: what instances tell each other may get lost. */
const lookMs = 1_000;

/** How a dispatch is, and whether it stays so. */
type Look<T> = () => Promise<{ value: T; isLast: boolean }>;

/** Those who wait for the end of a dispatch. */
export class Waiters {
  readonly #waiting = new Map<MessageId, Set<() => void>>();
  /** Until when each waits, by the clock of `performance`. */
  readonly #all = new Map<{ until: number }, Promise<unknown>>();
  #isClosed = false;

  /** Asks `look` until it has an answer, each time that something is heard of the dispatch, and at last after `ms`. */
  async wait<T>(messageId: MessageId, ms: number, look: Look<T>): Promise<T> {
    const wait = { until: this.#isClosed ? 0 : performance.now() + ms };
    const answer = this.#wait(messageId, wait, look);
    this.#all.set(wait, answer);
    try {
      return await answer;
    } finally {
      this.#all.delete(wait);
    }
  }

  async #wait<T>(messageId: MessageId, wait: { until: number }, look: Look<T>): Promise<T> {
    for (;;) {
      // Listens before it looks: what ends in between is not missed.
      const heard = this.#listen(messageId);
      try {
        const { value, isLast } = await look();
        const left = wait.until - performance.now();
        if (isLast || left <= 0) return value;
        await heard.within(Math.min(left, lookMs));
      } finally {
        heard.stop();
      }
    }
  }

  /** The dispatch has ended. */
  wake(messageId: MessageId): void {
    for (const wake of this.#waiting.get(messageId) ?? []) wake();
  }

  /**
   * Those who wait now do so for as many milliseconds more as each is given, and a look more. Resolves when nobody does,
   * now or later.
   */
  async letGo(afterMs: () => number): Promise<void> {
    this.#isClosed = true;
    const now = performance.now();
    for (const wait of this.#all.keys()) wait.until = Math.min(wait.until, now + afterMs());
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
    let wake = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    waiting.add(wake);
    return {
      within: async (ms: number) => {
        const timer = setTimeout(wake, ms);
        await woken;
        clearTimeout(timer);
      },
      stop: () => {
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(messageId) === waiting) this.#waiting.delete(messageId);
      },
    };
  }
}
