import { Rejection } from "../../shared/rejection.ts";
import type { Revocations } from "../revocations/revocations.ts";
import type { RevokedConnections } from "../revocations/revoked-connections.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface RevocableTokensDeps {
  verifier: TokenVerifier;
  revocations: Pick<Revocations, "isRevoked">;
  revoked: Pick<RevokedConnections, "isJustRevoked">;
}

/** Refuses good tokens that were revoked. Rejects with `unavailable` when that cannot be known. */
export function createRevocableTokens({ verifier, revocations, revoked }: RevocableTokensDeps): TokenVerifier {
  return {
    async verify(token) {
      const principal = await verifier.verify(token);
      // The store first: what was revoked while it answered has been heard of.
      const isRevoked = (await revocations.isRevoked(principal)) || revoked.isJustRevoked(principal);
      if (!isRevoked) return principal;
      throw new Rejection("unauthenticated", "The token was revoked. Log in again.");
    },
  };
}
