import { type Clock, timestampAt } from "../runtime/clock.ts";
import { expiryGraceMs } from "../session/principal.ts";
import type { Session } from "../session/session.ts";

interface KeepaliveOptions {
  sessions: Iterable<Session>;
  clock: Clock;
  heartbeatIntervalMs: number;
  /** Bytes that may wait to be read by a client. */
  backlogBytes: number;
  /** How long a client with waiting bytes may read none of them. */
  backlogMs: number;
}

/** How long before its token expires a client is notified. */
const expiryNoticeMs = 60_000;

/** A client that has sent nothing for so long is taken for gone. */
export function silenceLimitMs(heartbeatIntervalMs: number): number {
  return 2 * heartbeatIntervalMs + 10_000;
}

/** Pings each connection at its own intervals, and closes those that are silent, do not read, or have an expired token. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #timer: NodeJS.Timeout;
  #checkedAt = performance.now();

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    // One timer for all connections, since a timer for each would cost more than the checks.
    this.#timer = setInterval(() => this.check(), Math.min(1_000, options.heartbeatIntervalMs / 4)).unref();
  }

  check(): void {
    const now = this.#options.clock.now();
    // After the process was suspended, every client seems silent. Frames that arrived meanwhile have to be read first.
    const isLate = performance.now() - this.#checkedAt > this.#options.heartbeatIntervalMs;
    this.#checkedAt = performance.now();
    for (const session of this.#options.sessions) {
      if (isLate) {
        session.lastSeenAt = Math.max(session.lastSeenAt, now - this.#options.heartbeatIntervalMs);
        session.stuck = undefined;
      }
      this.#check(session, now);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(session: Session, now: number): void {
    const { heartbeatIntervalMs, backlogBytes } = this.#options;
    const { expiresAt } = session.principal;
    if (now - session.lastSeenAt > silenceLimitMs(heartbeatIntervalMs)) return session.close("heartbeat_lost");
    if (now > expiresAt + expiryGraceMs) return session.close("token_expired");
    if (session.transport.backlogBytes() > backlogBytes || this.#isStuck(session, now))
      return session.close("slow_consumer");
    if (now > expiresAt - expiryNoticeMs && !session.isExpiryAnnounced) {
      session.isExpiryAnnounced = true;
      session.send("system.token.expiring", { expiresAt: timestampAt(expiresAt) });
    }
    if (now - session.lastPingAt >= heartbeatIntervalMs) {
      session.lastPingAt = now;
      session.send("system.ping", { timestamp: now });
    }
  }

  /** Whether the client has read nothing for too long although bytes are waiting. */
  #isStuck(session: Session, now: number): boolean {
    const on = session.transport.oldestUnsent?.();
    if (on === undefined) session.stuck = undefined;
    else if (session.stuck?.on !== on) session.stuck = { on, since: now };
    return session.stuck !== undefined && now - session.stuck.since > this.#options.backlogMs;
  }
}
