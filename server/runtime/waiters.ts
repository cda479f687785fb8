import { SetsByKey } from "./sets-by-key.ts";

/** One wait for news of keys, with a time limit. */
export class Wait<News> {
  #until: number;
  #news: News | undefined;
  #wake = () => {};

  constructor(ms: number) {
    this.#until = performance.now() + ms;
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Resolves with the latest news since the previous call, or with `undefined` after `ms` or when the wait is over. */
  async next(ms = Number.POSITIVE_INFINITY): Promise<News | undefined> {
    const until = performance.now() + ms;
    for (;;) {
      const news = this.#news;
      this.#news = undefined;
      const left = Math.min(until, this.#until) - performance.now();
      if (news !== undefined || left <= 0) return news;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }

  wake(news: News): void {
    this.#news = news;
    this.#wake();
  }

  /** Ends the wait within `ms`. */
  endWithin(ms: number): void {
    this.#until = Math.min(this.#until, performance.now() + ms);
    this.#wake();
  }
}

/** Requests that wait for news of one or more keys. */
export class Waiters<Key, News> {
  readonly #byKey = new SetsByKey<Key, Wait<News>>();
  readonly #all = new Map<Wait<News>, Promise<unknown>>();
  #isClosed = false;

  /** Calls `run` with a wait for the keys that lasts at most `ms`. No news after the call are missed. */
  async wait<T>(keys: readonly Key[], ms: number, run: (wait: Wait<News>) => Promise<T>): Promise<T> {
    const wait = new Wait<News>(this.#isClosed ? 0 : ms);
    for (const key of keys) this.#byKey.addTo(key, wait);
    const result = run(wait);
    this.#all.set(wait, result);
    try {
      return await result;
    } finally {
      this.#all.delete(wait);
      for (const key of keys) this.#byKey.removeFrom(key, wait);
    }
  }

  wake(key: Key, news: News): void {
    for (const wait of this.#byKey.get(key) ?? []) wait.wake(news);
  }

  /** Ends each current wait after a delay from `delayMs`, and later ones at once. Resolves when all have ended. */
  async drain(delayMs: () => number): Promise<void> {
    this.#isClosed = true;
    for (const wait of this.#all.keys()) wait.endWithin(delayMs());
    await Promise.allSettled(this.#all.values());
  }

  /** Ends every wait, now and later. */
  close(): void {
    this.#isClosed = true;
    for (const wait of this.#all.keys()) wait.endWithin(0);
  }
}
