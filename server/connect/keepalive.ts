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
  /** The monotonic clock by which a late check is recognised. Default: that of the process. */
  processMs?: () => number;
}

/** How long before its token expires a client is notified. */
const expiryNoticeMs = 60_000;

/** A check that is late by so much follows a sleep of the process or the machine, or an event loop that was blocked. */
const lateMs = 5_000;

/** A client that has sent nothing for so long is taken for gone. */
export function silenceLimitMs(heartbeatIntervalMs: number): number {
  return 2 * heartbeatIntervalMs + 10_000;
}

/** Pings each connection at its own intervals, and closes those that are silent, do not read, or have an expired token. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #processMs: () => number;
  #checkedMs: number;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#processMs = options.processMs ?? (() => performance.now());
    this.#checkedMs = this.#processMs();
    // One timer for all connections, since a timer for each would cost more than the checks.
    this.#timer = setInterval(() => this.check(), Math.min(1_000, options.heartbeatIntervalMs / 4)).unref();
  }

  check(): void {
    const { sessions, clock, heartbeatIntervalMs } = this.#options;
    const [nowMs, time, processMs] = [clock.monotonicMs(), clock.now(), this.#processMs()];
    const isLate = processMs - this.#checkedMs > lateMs;
    this.#checkedMs = processMs;
    for (const session of sessions) {
      if (isLate) {
        // Every client seems silent, and frames that arrived meanwhile have not been read: ping first, then judge.
        session.lastSeenMs = Math.max(session.lastSeenMs, nowMs - heartbeatIntervalMs);
        session.lastPingMs = Number.NEGATIVE_INFINITY;
        session.stuck = undefined;
      }
      this.#check(session, nowMs, time);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(session: Session, nowMs: number, time: number): void {
    const { heartbeatIntervalMs, backlogBytes } = this.#options;
    const { expiresAt } = session.principal;
    if (nowMs - session.lastSeenMs > silenceLimitMs(heartbeatIntervalMs)) return session.close("heartbeat_lost");
    if (time > expiresAt + expiryGraceMs) return session.close("token_expired");
    if (session.transport.backlogBytes() > backlogBytes || this.#isStuck(session, nowMs))
      return session.close("slow_consumer");
    if (time > expiresAt - expiryNoticeMs && !session.isExpiryAnnounced) {
      session.isExpiryAnnounced = true;
      session.send("system.token.expiring", { expiresAt: timestampAt(expiresAt) });
    }
    if (nowMs - session.lastPingMs >= heartbeatIntervalMs) {
      session.lastPingMs = nowMs;
      session.send("system.ping", { timestamp: time });
    }
  }

  /** Whether the client has read nothing for too long although bytes are waiting. */
  #isStuck(session: Session, nowMs: number): boolean {
    const on = session.transport.oldestUnsent?.();
    if (on === undefined) session.stuck = undefined;
    else if (session.stuck?.on !== on) session.stuck = { on, sinceMs: nowMs };
    return session.stuck !== undefined && nowMs - session.stuck.sinceMs > this.#options.backlogMs;
  }
}
