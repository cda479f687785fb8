import { setTimeout as pause } from "node:timers/promises";
import { withTimeout } from "../runtime/with-timeout.ts";
import type { Session } from "../session/session.ts";

interface DrainOptions {
  /** The connections to close. */
  sessions: Iterable<Session>;
  /** Each client is closed at a random moment of this window, so that they do not all reconnect at once. */
  windowMs: number;
}

/**
 * Ends requests that wait for something, such as long polls, each after a delay that it takes from `delayMs`. From the
 * call on, no other request may wait. Resolves when all have ended.
 */
type DrainWaiters = (delayMs: () => number) => Promise<void>;

/** Agents are closed in this first part of the window, so that users still see their work continue elsewhere. */
const agentsPart = 0.25;
/** Clients that are closed at the same moment reconnect at random times within this period. */
const maxRetryAfterMs = 1_000;
/** How long to wait for a command that is under way, so that its client gets the reply. */
const answerTimeoutMs = 1_000;
/** How long a client may take to read the notice and to close the connection. */
const closeTimeoutMs = 2_000;

/** Without an HTTP request for so long, the load balancer has noticed that this instance is stopping. */
const quietMs = 2_000;

/** The shutdown of an instance: once started, it accepts no connections, `/readyz` says so, and clients are closed. */
export class Drain {
  #started = false;
  readonly #listeners: (() => void)[] = [];
  readonly #others: DrainWaiters[] = [];
  #lastRequestAt = Number.NEGATIVE_INFINITY;

  get started(): boolean {
    return this.#started;
  }

  /** Adds a listener for the start of the drain. */
  onStart(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** To be called for each HTTP request: while requests arrive, the load balancer has not noticed the drain. */
  noteRequest(): void {
    this.#lastRequestAt = performance.now();
  }

  /** Adds waiting requests, which are ended in the part of the window in which users are closed. */
  onDrain(drain: DrainWaiters): void {
    this.#others.push(drain);
  }

  /** Closes all connections, those of agents first. Resolves when all are closed and no request waits. */
  async start({ sessions, windowMs }: DrainOptions): Promise<void> {
    this.#started = true;
    for (const listener of this.#listeners) listener();
    const startedAt = performance.now();
    const all = [...sessions];
    const within = (ms: number) => () => Math.random() * ms;
    const drain = (some: Session[], delayMs: () => number) => some.map((session) => this.#drain(session, delayMs()));
    await Promise.all(drain(all.filter(isAgent), within(windowMs * agentsPart)));

    const delayMs = within(Math.max(0, windowMs - (performance.now() - startedAt)));
    const people = all.filter((session) => !isAgent(session));
    await Promise.all([...drain(people, delayMs), ...this.#others.map((others) => others(delayMs))]);
    await this.#untilQuiet(startedAt + windowMs);
  }

  /** Waits while HTTP requests arrive, but not beyond the end of the window. */
  async #untilQuiet(windowEndsAt: number): Promise<void> {
    for (;;) {
      const now = performance.now();
      const until = Math.min(windowEndsAt, this.#lastRequestAt + quietMs);
      if (now >= until) return;
      await pause(until - now);
    }
  }

  /** Notifies the client, and closes its connection. */
  shutDown(session: Session): void {
    session.close("server_shutdown", Math.round(Math.random() * maxRetryAfterMs));
  }

  async #drain(session: Session, delayMs: number): Promise<void> {
    await endOr(session, delayMs);
    await Promise.race([session.idle(), endOr(session, answerTimeoutMs)]);
    this.shutDown(session);
    await endOr(session, closeTimeoutMs);
  }
}

const isAgent = ({ namespaces }: Session) => namespaces.includes("/agents");

/** Waits until the session has ended, but at most for `ms`. */
async function endOr(session: Session, ms: number): Promise<void> {
  if (ms < 1) return;
  await withTimeout(session.whenClosed, ms).catch(() => {});
}
