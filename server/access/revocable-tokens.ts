import { Rejection } from "../../shared/rejection.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Principal } from "../session/principal.ts";
import type { Revocations } from "./revocation/revocations.ts";
import type { RevokedConnections } from "./revocation/revoked-connections.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface RevocableTokensDeps {
  verifier: TokenVerifier;
  revocations: Pick<Revocations, "isRevoked">;
  revoked: Pick<RevokedConnections, "isJustRevoked">;
  clock: Clock;
}

/**
 * For how long a token that was found good is not looked at again: a backend sends the same one with each request. Its
 * end and what is heard of revocations count at once; one that cannot be heard of, after this.
 */
const goodForMs = 1_000;
const goodMost = 1_000;

/** Refuses good tokens that were revoked. Rejects with `unavailable` when that cannot be known. */
export function createRevocableTokens({ verifier, revocations, revoked, clock }: RevocableTokensDeps): TokenVerifier {
  /** Those found good a moment ago, oldest first. */
  const good = new Map<string, { principal: Principal; until: number }>();

  function remember(token: string, principal: Principal): void {
    good.delete(token);
    good.set(token, { principal, until: Math.min(clock.now() + goodForMs, principal.expiresAt) });
    for (const [oldest, { until }] of good) {
      if (good.size <= goodMost && until > clock.now()) return;
      good.delete(oldest);
    }
  }

  async function look(token: string): Promise<Principal> {
    const principal = await verifier.verify(token);
    if (await revocations.isRevoked(principal)) throw refused();
    // The secret of a cookie session ends without a word when there is a newer one.
    if (principal.login === undefined) remember(token, principal);
    return principal;
  }

  return {
    async verify(token) {
      const known = good.get(token);
      const principal = known && known.until > clock.now() ? known.principal : await look(token);
      // After the store: what was revoked while it answered has been heard of.
      if (revoked.isJustRevoked(principal)) throw refused();
      return principal;
    },
  };
}

const refused = () => new Rejection("unauthenticated", "The token was revoked. Log in again.");
