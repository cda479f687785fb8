import type { Session } from "../session/session.ts";

/** How an instance stops taking part. */
export interface DrainOptions {
  /** The connections to let go of. */
  sessions: Iterable<Session>;
  /** Clients are let go of at random moments of this window, so that they do not all come back at once. */
  windowMs: number;
}

/** Within this the clients of one moment come back, each at a time of its own. */
const maxRetryAfterMs = 1_000;
/** How long a client may take to read the notice and to go. */
const closeTimeoutMs = 2_000;

/** From the moment it starts, nobody is let in; see `/readyz`. */
export class Drain {
  #started = false;
  readonly #listeners: (() => void)[] = [];

  get started(): boolean {
    return this.#started;
  }

  /** To be done when it starts. */
  onStart(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves when every connection has been told to go and was closed. */
  async start({ sessions, windowMs }: DrainOptions): Promise<void> {
    this.#started = true;
    for (const listener of this.#listeners) listener();
    await Promise.all([...sessions].map((session) => this.#letGo(session, Math.random() * windowMs)));
  }

  /** Tells a client to go, and ends its connection. */
  dismiss(session: Session): void {
    session.close("server_shutdown", Math.round(Math.random() * maxRetryAfterMs));
  }

  async #letGo(session: Session, delayMs: number): Promise<void> {
    await endOr(session, delayMs);
    this.dismiss(session);
    await endOr(session, closeTimeoutMs);
  }
}

/** Waits until the session has ended, or for so long. */
async function endOr(session: Session, ms: number): Promise<void> {
  if (ms < 1) return;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([session.whenClosed, timeout]);
  clearTimeout(timer);
}
