import type { Session } from "../session/session.ts";

/** How an instance stops taking part. */
export interface DrainOptions {
  /** The connections to let go of. */
  sessions: Iterable<Session>;
  /** Clients are let go of at random moments of this window, so that they do not all come back at once. */
  windowMs: number;
}

/** From the moment it starts, nobody is let in; see `/readyz`. */
export class Drain {
  #started = false;

  get started(): boolean {
    return this.#started;
  }

  /** Resolves when every connection has been told to go and was closed. */
  async start({ sessions, windowMs }: DrainOptions): Promise<void> {
    this.#started = true;
    await Promise.all([...sessions].map((session) => letGo(session, Math.random() * windowMs)));
  }
}

async function letGo(session: Session, delayMs: number): Promise<void> {
  // Unref'd nowhere: an instance that is draining stays up until the last one has left.
  if (delayMs >= 1) {
    const timer = new AbortController();
    session.onClose(() => timer.abort());
    await delay(delayMs, timer.signal);
  }
  session.close("server_shutdown", Math.round(Math.random() * 1_000));
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
