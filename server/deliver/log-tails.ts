import type { LogName } from "../../shared/room.ts";
import { LogTail, type LogTailDeps } from "./log-tail.ts";

/** One reference to a log's tail. To be released once. */
export interface TailHandle {
  tail: LogTail;
  release(): void;
}

export interface LogTailsOptions {
  /** How long a tail stays open without handles: most clients reconnect soon. */
  lingerMs: number;
  /** The interval at which a tail is compared with its log. Each instance adds up to a third at random. */
  checkMs: number;
}

const defaults: LogTailsOptions = { lingerMs: 10_000, checkMs: 30_000 };

interface OpenLog {
  opening: Promise<LogTail>;
  handles: number;
  /** Counts one handle less. */
  released(): void;
  idle?: NodeJS.Timeout;
}

/** A class, since there are two for each connection. */
class Handle implements TailHandle {
  readonly tail: LogTail;
  #released: (() => void) | undefined;

  constructor(tail: LogTail, released: () => void) {
    this.tail = tail;
    this.#released = released;
  }

  release(): void {
    const released = this.#released;
    this.#released = undefined;
    released?.();
  }
}

/** The logs that this instance follows: those with an open handle. */
export class LogTails {
  readonly #open = new Map<LogName, OpenLog>();
  readonly #deps: LogTailDeps;
  readonly #options: LogTailsOptions;
  readonly #checking: NodeJS.Timeout;

  constructor(deps: LogTailDeps, options: Partial<LogTailsOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...defaults, ...options };
    const every = this.#options.checkMs * (1 + Math.random() / 3);
    this.#checking = setInterval(() => void this.check(), every).unref();
  }

  /** The number of logs followed. */
  get size(): number {
    return this.#open.size;
  }

  /** Follows the log, or shares its open tail. Rejects with `unavailable` when the store cannot be reached. */
  async open(name: LogName): Promise<TailHandle> {
    let entry = this.#open.get(name);
    if (!entry) {
      const created: OpenLog = {
        opening: LogTail.open(name, this.#deps),
        handles: 0,
        released: () => {
          if (--created.handles === 0) this.#whenIdle(name, created);
        },
      };
      this.#open.set(name, created);
      entry = created;
    }
    const opened = entry;
    opened.handles++;
    clearTimeout(opened.idle);
    try {
      return new Handle(await opened.opening, opened.released);
    } catch (error) {
      if (this.#open.get(name) === opened) this.#open.delete(name);
      throw error;
    }
  }

  /** Compares every tail with its log now. */
  async check(): Promise<void> {
    const tails = await Promise.allSettled([...this.#open.values()].map(({ opening }) => opening));
    await Promise.all(tails.map((tail) => (tail.status === "fulfilled" ? tail.value.check() : undefined)));
  }

  async close(): Promise<void> {
    clearInterval(this.#checking);
    const entries = [...this.#open.values()];
    this.#open.clear();
    for (const { opening, idle } of entries) {
      clearTimeout(idle);
      await opening.then(
        (tail) => tail.close(),
        () => {},
      );
    }
  }

  #whenIdle(name: LogName, entry: OpenLog): void {
    const close = () => {
      if (this.#open.get(name) !== entry || entry.handles > 0) return;
      this.#open.delete(name);
      void entry.opening.then((tail) => tail.close());
    };
    entry.idle = setTimeout(close, this.#options.lingerMs).unref();
  }
}
