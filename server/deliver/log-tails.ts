import type { LogName } from "../../shared/room.ts";
import { LogFeed, type LogFeedDeps } from "./log-tail.ts";

/** Somebody's interest in a log. To be released once. */
export interface FeedLease {
  feed: LogFeed;
  release(): void;
}

export interface FeedsOptions {
  /** How long a log is followed on after the last interest in it ended: most people come back at once. */
  lingerMs: number;
  /** Every how often a feed is compared with its log. Each instance adds up to a third at random. */
  checkMs: number;
}

const defaults: FeedsOptions = { lingerMs: 10_000, checkMs: 30_000 };

interface OpenLog {
  opening: Promise<LogFeed>;
  leases: number;
  /** One lease less. */
  released(): void;
  idle?: NodeJS.Timeout;
}

/** A class, since there are two for each connection. */
class Lease implements FeedLease {
  readonly feed: LogFeed;
  #released: (() => void) | undefined;

  constructor(feed: LogFeed, released: () => void) {
    this.feed = feed;
    this.#released = released;
  }

  release(): void {
    const released = this.#released;
    this.#released = undefined;
    released?.();
  }
}

/** The logs that this instance follows: those that somebody here is interested in. */
export class Feeds {
  readonly #open = new Map<LogName, OpenLog>();
  readonly #deps: LogFeedDeps;
  readonly #options: FeedsOptions;
  readonly #checking: NodeJS.Timeout;

  constructor(deps: LogFeedDeps, options: Partial<FeedsOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...defaults, ...options };
    const every = this.#options.checkMs * (1 + Math.random() / 3);
    this.#checking = setInterval(() => void this.check(), every).unref();
  }

  /** How many logs are followed. */
  get size(): number {
    return this.#open.size;
  }

  /** Follows the log, or shares the feed that does. Rejects with `unavailable` when the store is out of reach. */
  async lease(name: LogName): Promise<FeedLease> {
    let entry = this.#open.get(name);
    if (!entry) {
      const opening: OpenLog = {
        opening: LogFeed.open(name, this.#deps),
        leases: 0,
        released: () => {
          if (--opening.leases === 0) this.#whenIdle(name, opening);
        },
      };
      this.#open.set(name, opening);
      entry = opening;
    }
    const opened = entry;
    opened.leases++;
    clearTimeout(opened.idle);
    try {
      return new Lease(await opened.opening, opened.released);
    } catch (error) {
      if (this.#open.get(name) === opened) this.#open.delete(name);
      throw error;
    }
  }

  /** Compares every feed with its log now. */
  async check(): Promise<void> {
    const feeds = await Promise.allSettled([...this.#open.values()].map(({ opening }) => opening));
    await Promise.all(feeds.map((feed) => (feed.status === "fulfilled" ? feed.value.check() : undefined)));
  }

  async close(): Promise<void> {
    clearInterval(this.#checking);
    const entries = [...this.#open.values()];
    this.#open.clear();
    for (const { opening, idle } of entries) {
      clearTimeout(idle);
      await opening.then(
        (feed) => feed.close(),
        () => {},
      );
    }
  }

  #whenIdle(name: LogName, entry: OpenLog): void {
    const close = () => {
      if (this.#open.get(name) !== entry || entry.leases > 0) return;
      this.#open.delete(name);
      void entry.opening.then((feed) => feed.close());
    };
    entry.idle = setTimeout(close, this.#options.lingerMs).unref();
  }
}
