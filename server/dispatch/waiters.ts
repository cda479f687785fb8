import type { MessageId } from "../../shared/ids.ts";

/** How often somebody who waits looks by himself: what instances tell each other may get lost. */
const lookMs = 1_000;

/** Those who wait for the end of a dispatch. */
export class Waiters {
  readonly #waiting = new Map<MessageId, Set<() => void>>();
  #isClosed = false;

  /** Asks `look` until it has an answer, each time that something is heard of the dispatch, and at last after `ms`. */
  async wait<T>(messageId: MessageId, ms: number, look: () => Promise<{ value: T; isLast: boolean }>): Promise<T> {
    const until = performance.now() + ms;
    for (;;) {
      // Listens before it looks: what ends in between is not missed.
      const heard = this.#listen(messageId);
      try {
        const { value, isLast } = await look();
        const left = until - performance.now();
        if (isLast || left <= 0 || this.#isClosed) return value;
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

  /** Answers everybody now, and from now on at once: the instance is stopping. */
  close(): void {
    this.#isClosed = true;
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
