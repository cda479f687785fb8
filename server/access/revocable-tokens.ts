import { LRUCache } from "lru-cache";
import { Rejection } from "../../shared/rejection.ts";
import { type Clock, perfOf } from "../runtime/clock.ts";
import type { Principal } from "../session/principal.ts";
import type { Revocations } from "./revocation/revocations.ts";
import type { RevokedConnections } from "./revocation/revoked-connections.ts";
import type { TokenVerifier } from "./token-verifier.ts";

interface RevocableTokensDeps {
  verifier: TokenVerifier;
  revocations: Pick<Revocations, "isRevoked">;
  revoked: Pick<RevokedConnections, "isJustRevoked">;
  clock: Clock;
}

/**
 * How long a valid token is not verified again, since backends send the same token with each request. Its expiry takes
 * effect at once all the same, and so does a revocation unless its broadcast is lost; then it takes effect after this
 * time.
 */
const validForMs = 1_000;
const cachedTokens = 1_000;

/** Refuses valid tokens that were revoked. Rejects with `unavailable` if the store cannot be asked. */
export function createRevocableTokens({ verifier, revocations, revoked, clock }: RevocableTokensDeps): TokenVerifier {
  const valid = new LRUCache<string, Principal>({
    max: cachedTokens,
    // lru-cache still returns an entry whose age is exactly `ttl`.
    ttl: validForMs - 1,
    ttlResolution: 0,
    perf: perfOf(clock),
  });

  async function verifyNow(token: string): Promise<Principal> {
    const principal = await verifier.verify(token);
    if (await revocations.isRevoked(principal)) throw refused();
    // The secret of a cookie session is not cached, since a newer secret replaces it without a broadcast.
    if (principal.cookieSession === undefined) valid.set(token, principal);
    return principal;
  }

  return {
    async verify(token) {
      const cached = valid.get(token);
      const principal = cached && cached.expiresAt > clock.now() ? cached : await verifyNow(token);
      // Checked after the store was asked: a revocation in the meantime has arrived as a broadcast.
      if (revoked.isJustRevoked(principal)) throw refused();
      return principal;
    },
  };
}

const refused = () => new Rejection("unauthenticated", "The token was revoked. Log in again.");
