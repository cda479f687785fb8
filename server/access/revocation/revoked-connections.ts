import type { Broadcast } from "../../deliver/broadcast.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Failed } from "../../runtime/failed.ts";
import { Recheck } from "../../runtime/recheck.ts";
import type { Principal } from "../../session/principal.ts";
import { concerns, type Revocable, type Revocation, revocable } from "../../session/revocation.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { Revocations } from "./revocations.ts";

interface RevokedConnectionsDeps {
  broadcast: Broadcast;
  sessions: Sessions;
  revocations: Pick<Revocations, "revokedAmong">;
  clock: Clock;
  failed: Failed;
}

/** How long a revocation is remembered: longer than it takes from the check of a token to the open connection. */
const rememberedMs = 60_000;

/** Closes this instance's connections whose tokens were revoked, on whichever instance that happened. */
export class RevokedConnections {
  readonly #deps: RevokedConnectionsDeps;
  /** The recent revocations, oldest first. */
  readonly #recent = new Map<string, { revocation: Revocation; receivedMs: number }>();
  readonly #recheck: Recheck;

  constructor(deps: RevokedConnectionsDeps) {
    this.#deps = deps;
    this.#recheck = new Recheck(
      () => this.#closeRevoked(),
      (error) => deps.failed("compare the connections with the revocations", error, { willRetry: true }),
    );
    deps.broadcast.listen((message) => {
      if (message.kind === "revoked") this.#end(message.revocation);
      // Broadcasts of revocations may have been lost.
      if (message.kind === "recheck") void this.#recheck.start();
    });
  }

  /** Whether the token was revoked recently: perhaps after the store was asked, so that the reply did not show it. */
  isJustRevoked(principal: Principal): boolean {
    // The usual case, which is checked for every request.
    if (this.#recent.size === 0) return false;
    return revocable(principal).some((part) => {
      const recent = this.#recent.get(keyOf(part));
      return recent !== undefined && concerns(recent.revocation, principal);
    });
  }

  #end(revocation: Revocation): void {
    const { sessions, clock } = this.#deps;
    const now = clock.monotonicMs();
    for (const [key, { receivedMs }] of this.#recent) {
      if (now - receivedMs < rememberedMs) break;
      this.#recent.delete(key);
    }
    // Deleted first, so that the entry moves to the end.
    this.#recent.delete(keyOf(revocation));
    this.#recent.set(keyOf(revocation), { revocation, receivedMs: now });
    for (const session of sessions) if (concerns(revocation, session.principal)) session.close("revoked");
  }

  close(): void {
    this.#recheck.close();
  }

  async #closeRevoked(): Promise<void> {
    const { sessions, revocations } = this.#deps;
    const revoked = new Set(await revocations.revokedAmong([...sessions].map(({ principal }) => principal)));
    for (const session of sessions) if (revoked.has(session.principal)) session.close("revoked");
  }
}

const keyOf = ({ of, id }: Revocable) => `${of}:${id}`;
