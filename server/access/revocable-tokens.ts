import { LRUCache } from "lru-cache";
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
 * For how long a token that was found good is not verified again: a backend sends the same one with each request. Its
 * end and revocations that were heard count at once; a revocation that could not be heard, after this time.
 */
const goodForMs = 1_000;
const rememberedTokens = 1_000;

/** Refuses good tokens that were revoked. Rejects with `unavailable` when that cannot be known. */
export function createRevocableTokens({ verifier, revocations, revoked, clock }: RevocableTokensDeps): TokenVerifier {
  const good = new LRUCache<string, Principal>({
    max: rememberedTokens,
    // The library counts an item of exactly this age as good, too.
    ttl: goodForMs - 1,
    ttlResolution: 0,
    perf: clock,
  });

  async function verifyNow(token: string): Promise<Principal> {
    const principal = await verifier.verify(token);
    if (await revocations.isRevoked(principal)) throw refused();
    // The secret of a cookie session ends without an announcement when there is a newer one.
    if (principal.cookieSession === undefined) good.set(token, principal);
    return principal;
  }

  return {
    async verify(token) {
      const known = good.get(token);
      const principal = known && known.expiresAt > clock.now() ? known : await verifyNow(token);
      // After the store: what was revoked while it answered has been heard of.
      if (revoked.isJustRevoked(principal)) throw refused();
      return principal;
    },
  };
}

const refused = () => new Rejection("unauthenticated", "The token was revoked. Log in again.");
