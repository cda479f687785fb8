import { createSecretKey } from "node:crypto";
import type { Clock } from "../runtime/clock.ts";
import { principalOf, usualRoles } from "./claims.ts";
import { verifySignature } from "./signed-token.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface SharedSecretVerifierOptions {
  /** At least 32 bytes. */
  secret: string;
  /** What `aud` and `iss` must be. Default: anything. */
  audience?: string | undefined;
  issuer?: string | undefined;
  clock: Clock;
}

/** Tokens signed HS256 with a secret that the server shares with their issuer. */
export function createSharedSecretVerifier(options: SharedSecretVerifierOptions): TokenVerifier {
  const { secret, audience, issuer, clock } = options;
  // A KeyObject: with a string, jsonwebtoken first tries to read a public key from it, for 50 times the price.
  const key = createSecretKey(Buffer.from(secret));

  return {
    async verify(token) {
      const verified = verifySignature(token, key, { algorithm: "HS256", audience, issuer, clock });
      return principalOf(verified, clock, usualRoles);
    },
  };
}
