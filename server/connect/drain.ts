import { setTimeout as pause } from "node:timers/promises";
import { withTimeout } from "../runtime/with-timeout.ts";
import type { Session } from "../session/session.ts";

/** How an instance stops taking part. */
export interface DrainOptions {
  /** The connections to let go of. */
  sessions: Iterable<Session>;
  /** Clients are let go of at random moments of this window, so that they do not all come back at once. */
  windowMs: number;
}

/**
 * Lets go of those who wait for something without being connected: each after a time of its own, which it gives in
 * milliseconds. From the call on nobody else waits. Resolves when all are gone.
 */
export type DrainWaiters = (delayMs: () => number) => Promise<void>;

/** The first part of the window is the agents': what they have in hand goes on elsewhere while people still look on. */
const agentsPart = 0.25;
/** Within this the clients of one moment come back, each at a time of its own. */
const maxRetryAfterMs = 1_000;
/** How long a command that is under way may take, so that its client knows what has become of it. */
const answerTimeoutMs = 1_000;
/** How long a client may take to read the notice and to go. */
const closeTimeoutMs = 2_000;

/** An instance that got no HTTP request for so long is known by its load balancer to be stopping. */
const quietMs = 2_000;

/** From the moment it starts, nobody is let in; see `/readyz`. */
export class Drain {
  #started = false;
  readonly #listeners: (() => void)[] = [];
  readonly #others: DrainWaiters[] = [];
  #lastRequestAt = Number.NEGATIVE_INFINITY;

  get started(): boolean {
    return this.#started;
  }

  /** To be done when it starts. */
  onStart(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** An HTTP request has arrived: while they do, the load balancer has not noticed yet that this instance is stopping. */
  noteRequest(): void {
    this.#lastRequestAt = performance.now();
  }

  /** Whoever waits there is let go of as people are. */
  onDrain(drain: DrainWaiters): void {
    this.#others.push(drain);
  }

  /** Resolves when every connection has been told to go and was closed, agents before all others, and nobody waits. */
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

  /** Serves HTTP requests for as long as they arrive, and until the window ends at most. */
  async #untilQuiet(windowEndsAt: number): Promise<void> {
    for (;;) {
      const now = performance.now();
      const until = Math.min(windowEndsAt, this.#lastRequestAt + quietMs);
      if (now >= until) return;
      await pause(until - now);
    }
  }

  /** Tells a client to go, and ends its connection. */
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

/** Waits until the session has ended, or for so long. */
async function endOr(session: Session, ms: number): Promise<void> {
  if (ms < 1) return;
  await withTimeout(session.whenClosed, ms).catch(() => {});
}
