import type { Broadcast } from "../../deliver/broadcast.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Failed } from "../../runtime/failed.ts";
import { pause } from "../../runtime/pause.ts";
import type { Principal } from "../../session/principal.ts";
import { concerns, type Revocable, type Revocation, revocable } from "../../session/revocation.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { Revocations } from "./revocations.ts";

export interface RevokedConnectionsDeps {
  broadcast: Broadcast;
  sessions: Sessions;
  revocations: Pick<Revocations, "revokedAmong">;
  clock: Clock;
  failed: Failed;
}

/** Longer than anybody takes from the look at the token to the connection. */
const rememberedMs = 60_000;
const retryMs = 500;

/** Ends this instance's connections of tokens that were revoked, whichever instance was told so. */
export class RevokedConnections {
  readonly #deps: RevokedConnectionsDeps;
  /** Those just heard of, by what they name, oldest first. */
  readonly #recent = new Map<string, { revocation: Revocation; heardAt: number }>();
  #rechecks = 0;

  constructor(deps: RevokedConnectionsDeps) {
    this.#deps = deps;
    deps.broadcast.listen((message) => {
      if (message.kind === "revoked") this.#end(message.revocation);
      // What was told meanwhile may not have been heard.
      if (message.kind === "recheck") void this.#recheck();
    });
  }

  /** Whether that was heard lately, so that it may have happened after the store was asked. */
  isJustRevoked(principal: Principal): boolean {
    // Mostly nothing was.
    if (this.#recent.size === 0) return false;
    return revocable(principal).some((part) => {
      const heard = this.#recent.get(keyOf(part));
      return heard !== undefined && concerns(heard.revocation, principal);
    });
  }

  #end(revocation: Revocation): void {
    const { sessions, clock } = this.#deps;
    const now = clock.now();
    for (const [key, { heardAt }] of this.#recent) {
      if (now - heardAt < rememberedMs) break;
      this.#recent.delete(key);
    }
    // Anew, so that the order stays that of hearing.
    this.#recent.delete(keyOf(revocation));
    this.#recent.set(keyOf(revocation), { revocation, heardAt: now });
    for (const session of sessions) if (concerns(revocation, session.principal)) session.close("revoked");
  }

  close(): void {
    this.#rechecks++;
  }

  async #recheck(): Promise<void> {
    const { sessions, revocations, failed } = this.#deps;
    // A later one will have seen all that this one would.
    const own = ++this.#rechecks;
    while (own === this.#rechecks) {
      try {
        const revoked = new Set(await revocations.revokedAmong([...sessions].map(({ principal }) => principal)));
        for (const session of sessions) if (revoked.has(session.principal)) session.close("revoked");
        return;
      } catch (error) {
        failed("compare the connections with the revocations", error, { willRetry: true });
        await pause(retryMs);
      }
    }
  }
}

const keyOf = ({ of, id }: Revocable) => `${of}:${id}`;
