import type { Logger } from "../../observe/logger.ts";
import { messageOf, refusalKindOf } from "./redis-answer.ts";

/** How long without a refusal until Redis is said to work again. Every instance writes at least every 2 s. */
const quietMs = 5_000;
const lookEveryMs = 500;

/** Logs each kind of refusal by Redis once, and once that Redis accepts commands again. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #isReady: () => boolean;
  readonly #kinds = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #lastAt = 0;

  constructor(logger: Logger, isReady: () => boolean) {
    this.#logger = logger;
    this.#isReady = isReady;
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  /** Redis refuses commands, and this has been logged. */
  get isRefusing(): boolean {
    return this.#kinds.size > 0;
  }

  /** Takes any error of Redis. */
  readonly note = (error: unknown): void => {
    const kind = refusalKindOf(error);
    if (kind === undefined) return;
    this.#lastAt = performance.now();
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    this.#logger.error("Redis refuses commands", { kind, reason: messageOf(error) });
  };

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#kinds.size === 0 || !this.#isReady() || performance.now() - this.#lastAt < quietMs) return;
    this.#logger.info("Redis takes commands again", { kinds: [...this.#kinds] });
    this.#kinds.clear();
  }
}
