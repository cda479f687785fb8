import type { Namespace } from "../../shared/namespace.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import { retryAfterOf } from "../connection/connection-machine.ts";
import type { Cancel, Environment } from "../connection/environment.ts";
import { type Outcome, SignalboxError } from "../signalbox-error.ts";
import type { Link } from "../transport/transport.ts";
import type { CommandPolicy } from "./command-policies.ts";

export interface OutboxOptions {
  environment: Environment;
  /** Commands that may wait at the same time. Default: 1 000. */
  capacity: number;
  /** How long a command may wait for its answer before it is sent again, milliseconds. Default: 20 000. */
  answerTimeoutMs: number;
}

export interface OutgoingCommand {
  namespace: Namespace;
  name: string;
  payload: unknown;
  policy: CommandPolicy;
  /** Commands of one key are carried out in the order in which they were sent, whatever has to be sent again. */
  key?: string | undefined;
}

interface Entry extends OutgoingCommand {
  resolve(data: unknown): void;
  reject(error: SignalboxError): void;
  /** When it was on its way for the first time. */
  sentAt: number | undefined;
  isUnderWay: boolean;
  /** Waits a moment before it is sent again. */
  isResting: boolean;
  failures: number;
  stopTimer: Cancel;
}

/** The server knows an id for 10 minutes: what is sent again after that may happen twice. */
const sameIdForMs = 9 * 60_000;
const restMs = { least: 250, most: 5_000 };

/** Commands between their being given and their being answered, connection or not. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #entries = new Set<Entry>();
  #link: Link | undefined;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Commands that have not been answered yet. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves with the data of a good reply; rejects with a {@link SignalboxError} that says what has become of it. */
  send(command: OutgoingCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(failure("unavailable", "not_sent", closed));
      if (command.policy === "now" && !this.#link) return reject(failure("unavailable", "not_sent", noConnection));
      if (this.#entries.size >= this.#options.capacity) {
        const message = `${this.#options.capacity} commands are waiting already.`;
        return reject(failure("limit_exceeded", "not_sent", message));
      }
      const state = { sentAt: undefined, isUnderWay: false, isResting: false, failures: 0, stopTimer: () => {} };
      this.#entries.add({ ...command, ...state, resolve, reject });
      this.#flush();
    });
  }

  attach(link: Link): void {
    this.#link = link;
    this.#flush();
  }

  /** The link has ended: what it did not answer waits for the next, or is over. */
  detach(): void {
    this.#link = undefined;
    for (const entry of [...this.#entries]) {
      if (!entry.isUnderWay) continue;
      this.#settle(entry);
      if (entry.policy === "again") continue;
      this.#end(entry, failure("timeout", "unknown", "The connection ended before the answer came."));
    }
  }

  /** There will be no connection: nothing waits for one, and nothing is taken any more. */
  close(): void {
    this.#isClosed = true;
    for (const entry of [...this.#entries]) {
      const outcome = entry.sentAt === undefined ? "not_sent" : "unknown";
      this.#end(entry, failure("unavailable", outcome, closed));
    }
  }

  open(): void {
    this.#isClosed = false;
  }

  #flush(): void {
    const busy = new Set<string>();
    for (const entry of [...this.#entries]) {
      const { key } = entry;
      const mayGo = !entry.isUnderWay && !entry.isResting && !(key !== undefined && busy.has(key));
      if (mayGo) this.#transmit(entry);
      const holdsUp = entry.policy === "again" || entry.isResting;
      if (key !== undefined && holdsUp && this.#entries.has(entry)) busy.add(key);
    }
  }

  #transmit(entry: Entry): void {
    const { environment, answerTimeoutMs } = this.#options;
    const link = this.#link;
    if (!link) return;
    const now = environment.now();
    entry.sentAt ??= now;
    if (now - entry.sentAt > sameIdForMs) {
      return this.#end(entry, failure("timeout", "unknown", "No answer came while it was safe to send it again."));
    }
    entry.isUnderWay = true;
    entry.stopTimer = environment.after(answerTimeoutMs, () => this.#unanswered(entry));
    link.command(entry.namespace, entry.name, entry.payload, (reply) => {
      if (link === this.#link && entry.isUnderWay) this.#answered(entry, reply);
    });
  }

  #answered(entry: Entry, reply: Reply<unknown>): void {
    this.#settle(entry);
    if (reply.ok) {
      this.#entries.delete(entry);
      entry.resolve(reply.data);
    } else if (reply.error.retryable && entry.policy !== "now" && isUnaccepted(reply.error, entry.policy)) {
      this.#rest(entry, retryAfterOf(reply.error));
    } else {
      this.#end(entry, new SignalboxError(reply.error));
    }
    this.#flush();
  }

  #unanswered(entry: Entry): void {
    this.#settle(entry);
    if (entry.policy === "again") this.#rest(entry);
    else this.#end(entry, failure("timeout", "unknown", "No answer came in time."));
    this.#flush();
  }

  #rest(entry: Entry, retryAfterMs?: number): void {
    const { environment } = this.#options;
    entry.failures += 1;
    entry.isResting = true;
    const delayMs = retryAfterMs ?? Math.min(restMs.most, restMs.least * 2 ** (entry.failures - 1));
    entry.stopTimer = environment.after(delayMs, () => {
      entry.isResting = false;
      this.#flush();
    });
  }

  #settle(entry: Entry): void {
    entry.stopTimer();
    entry.isUnderWay = false;
  }

  #end(entry: Entry, error: SignalboxError): void {
    this.#settle(entry);
    this.#entries.delete(entry);
    entry.reject(error);
  }
}

const closed = "The client is closed.";
const noConnection = "There is no connection, and this cannot wait for one.";

/** What the server has certainly not carried out may be sent again even where twice would be too often. */
function isUnaccepted({ code }: ReplyError, policy: CommandPolicy): boolean {
  return policy === "again" || code === "rate_limited" || code === "unavailable";
}

function failure(code: "unavailable" | "limit_exceeded" | "timeout", outcome: Outcome, message: string) {
  return new SignalboxError({ code, message, retryable: code !== "limit_exceeded" }, outcome);
}
