import { createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import type { Clock } from "../runtime/clock.ts";
import { type PrincipalOptions, principalOf } from "./claims.ts";
import { assertLength, clockToleranceSeconds, doesNotVerify, readHead, untrustedIssuer } from "./signed-token.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface SharedSecretVerifierOptions {
  /** At least 32 bytes. */
  secret: string;
  /** The required values of `aud` and `iss`. Default: any value. */
  audience?: string | undefined;
  issuer?: string | undefined;
  clock: Clock;
  ignored: PrincipalOptions["ignored"];
}

const algorithm = "HS256";

/** Tokens signed HS256 with a secret that the server shares with their issuer. */
export function createSharedSecretVerifier(options: SharedSecretVerifierOptions): TokenVerifier {
  const { secret, audience, issuer, clock, ignored } = options;
  // A KeyObject: from a string, jsonwebtoken first tries to parse a public key, which takes 50 times as long.
  const key = createSecretKey(Buffer.from(secret));

  /** The verified claims. The expiry is checked later, so that `token_expired` is only sent if all else is right. */
  function verified(token: string): unknown {
    assertLength(token);
    try {
      const { header, payload } = jwt.verify(token, key, {
        complete: true,
        algorithms: [algorithm],
        clockTolerance: clockToleranceSeconds,
        clockTimestamp: Math.floor(clock.now() / 1000),
        ignoreExpiration: true,
        ...(audience === undefined ? {} : { audience }),
        ...(issuer === undefined ? {} : { issuer }),
      });
      // RFC 7515: a token with critical headers that are not understood must be refused. None is understood here.
      if (header.crit !== undefined) throw new Error("it has critical headers");
      return payload;
    } catch (error) {
      const head = readHead(token);
      const isOfAnother = !/^(HS|none)/i.test(head.algorithm) || (issuer !== undefined && head.issuer !== issuer);
      if (isOfAnother) throw untrustedIssuer(head.issuer);
      throw doesNotVerify(error instanceof Error ? error.message : "unknown");
    }
  }

  return {
    async verify(token) {
      return principalOf(verified(token), { clock, ignored });
    },
  };
}
