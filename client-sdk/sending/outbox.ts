import type { Namespace } from "../../shared/namespace.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import { retryAfterOf } from "../connection/connection-machine.ts";
import type { Cancel, Environment } from "../connection/environment.ts";
import { type Outcome, SignalboxError } from "../signalbox-error.ts";
import type { Link } from "../transport/transport.ts";
import type { CommandPolicy } from "./command-policies.ts";

interface OutboxOptions {
  environment: Environment;
  /** Commands that may be pending at the same time. Default: 1 000. */
  capacity: number;
  /** How long to wait for a reply before sending again, milliseconds. Default: 20 000. */
  answerTimeoutMs: number;
}

export interface OutgoingCommand {
  namespace: Namespace;
  name: string;
  payload: unknown;
  policy: CommandPolicy;
  /** Commands with the same key keep their order, also across retries. */
  key?: string | undefined;
}

interface Entry extends OutgoingCommand {
  resolve(data: unknown): void;
  reject(error: SignalboxError): void;
  /** When it was transmitted first. */
  sentAt: number | undefined;
  isInFlight: boolean;
  /** Waiting for a retry delay. */
  isBackingOff: boolean;
  failures: number;
  stopTimer: Cancel;
}

/** The server remembers an id for 10 minutes: a command sent again after that may take effect twice. */
const idempotencyWindowMs = 9 * 60_000;
const retryDelayMs = { min: 250, max: 5_000 };

/** Commands that have not been answered yet, with or without a connection. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #entries = new Set<Entry>();
  #link: Link | undefined;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Number of unanswered commands. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves with the data of a successful reply; rejects with a {@link SignalboxError} that has an `outcome`. */
  send(command: OutgoingCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(failure("unavailable", "not_sent", closed));
      if (command.policy === "volatile" && !this.#link) return reject(failure("unavailable", "not_sent", noConnection));
      if (this.#entries.size >= this.#options.capacity) {
        const message = `${this.#options.capacity} commands are already pending.`;
        return reject(failure("limit_exceeded", "not_sent", message));
      }
      const state = { sentAt: undefined, isInFlight: false, isBackingOff: false, failures: 0, stopTimer: () => {} };
      this.#entries.add({ ...command, ...state, resolve, reject });
      this.#flush();
    });
  }

  attach(link: Link): void {
    this.#link = link;
    this.#flush();
  }

  /** The link has ended: commands in flight wait for the next link or fail, by their policy. */
  detach(): void {
    this.#link = undefined;
    for (const entry of [...this.#entries]) {
      if (!entry.isInFlight) continue;
      this.#stopTimer(entry);
      if (entry.policy === "retry") continue;
      this.#fail(entry, failure("timeout", "unknown", "The connection ended before the reply arrived."));
    }
  }

  /** The client is closed: pending commands fail, and new ones are rejected. */
  close(): void {
    this.#isClosed = true;
    for (const entry of [...this.#entries]) {
      const outcome = entry.sentAt === undefined ? "not_sent" : "unknown";
      this.#fail(entry, failure("unavailable", outcome, closed));
    }
  }

  open(): void {
    this.#isClosed = false;
  }

  #flush(): void {
    const busy = new Set<string>();
    for (const entry of [...this.#entries]) {
      const { key } = entry;
      const mayGo = !entry.isInFlight && !entry.isBackingOff && !(key !== undefined && busy.has(key));
      if (mayGo) this.#transmit(entry);
      const blocksKey = entry.policy === "retry" || entry.isBackingOff;
      if (key !== undefined && blocksKey && this.#entries.has(entry)) busy.add(key);
    }
  }

  #transmit(entry: Entry): void {
    const { environment, answerTimeoutMs } = this.#options;
    const link = this.#link;
    if (!link) return;
    const now = environment.now();
    entry.sentAt ??= now;
    if (now - entry.sentAt > idempotencyWindowMs) {
      return this.#fail(
        entry,
        failure("timeout", "unknown", "No reply arrived while it was safe to send the command again."),
      );
    }
    entry.isInFlight = true;
    entry.stopTimer = environment.after(answerTimeoutMs, () => this.#timedOut(entry));
    link.command(entry.namespace, entry.name, entry.payload, (reply) => {
      if (link === this.#link && entry.isInFlight) this.#onReply(entry, reply);
    });
  }

  #onReply(entry: Entry, reply: Reply<unknown>): void {
    this.#stopTimer(entry);
    if (reply.ok) {
      this.#entries.delete(entry);
      entry.resolve(reply.data);
    } else if (reply.error.retryable && entry.policy !== "volatile" && isUnaccepted(reply.error, entry.policy)) {
      this.#backOff(entry, retryAfterOf(reply.error));
    } else {
      this.#fail(entry, new SignalboxError(reply.error));
    }
    this.#flush();
  }

  #timedOut(entry: Entry): void {
    this.#stopTimer(entry);
    if (entry.policy === "retry") this.#backOff(entry);
    else this.#fail(entry, failure("timeout", "unknown", "No reply arrived in time."));
    this.#flush();
  }

  #backOff(entry: Entry, retryAfterMs?: number): void {
    const { environment } = this.#options;
    entry.failures += 1;
    entry.isBackingOff = true;
    const delayMs = retryAfterMs ?? Math.min(retryDelayMs.max, retryDelayMs.min * 2 ** (entry.failures - 1));
    entry.stopTimer = environment.after(delayMs, () => {
      entry.isBackingOff = false;
      this.#flush();
    });
  }

  #stopTimer(entry: Entry): void {
    entry.stopTimer();
    entry.isInFlight = false;
  }

  #fail(entry: Entry, error: SignalboxError): void {
    this.#stopTimer(entry);
    this.#entries.delete(entry);
    entry.reject(error);
  }
}

const closed = "The client is closed.";
const noConnection = "There is no connection, and this command is not queued.";

/** A command that the server has certainly not carried out may be sent again even if it is not idempotent. */
function isUnaccepted({ code }: ReplyError, policy: CommandPolicy): boolean {
  return policy === "retry" || code === "rate_limited" || code === "unavailable";
}

function failure(code: "unavailable" | "limit_exceeded" | "timeout", outcome: Outcome, message: string) {
  return new SignalboxError({ code, message, retryable: code !== "limit_exceeded" }, outcome);
}
