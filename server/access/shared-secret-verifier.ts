import { createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import { z } from "zod";
import { UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { Grant, Role } from "../../shared/role.ts";
import type { Clock } from "../clock.ts";
import type { Principal } from "../session/principal.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface SharedSecretVerifierOptions {
  /** At least 32 bytes. */
  secret: string;
  /** What `aud` and `iss` must be. Default: anything. */
  audience?: string | undefined;
  issuer?: string | undefined;
  clock: Clock;
}

/** How far the clock of whoever signs may be off. */
const clockToleranceSeconds = 10;

const Claims = z.object({
  sub: UserId,
  exp: z.number(),
  name: z.string().max(limits.nameLength).optional(),
  preferred_username: z.string().max(limits.nameLength).optional(),
  sid: z.string().optional(),
  jti: z.string().optional(),
  typ: z.string().optional(),
  roles: z.array(z.string()).optional(),
  realm_access: z.object({ roles: z.array(z.string()) }).optional(),
  grants: z.array(Grant).max(100).default([]),
});

/** Tokens signed HS256 with a secret that the server shares with whoever issues them. */
export function createSharedSecretVerifier(options: SharedSecretVerifierOptions): TokenVerifier {
  // A KeyObject: with a string, jsonwebtoken first tries to read a public key from it, for 50 times the price.
  const key = createSecretKey(Buffer.from(options.secret));

  return {
    async verify(token) {
      const claims = readClaims(token, key, options);
      // ID and refresh tokens are signed JWTs too, and were given for something else.
      if (claims.typ !== undefined && /^(id|refresh|offline)$/i.test(claims.typ)) {
        throw new Rejection("unauthenticated", `A token of type ${claims.typ} is no access token.`);
      }
      if (options.clock.now() >= (claims.exp + clockToleranceSeconds) * 1000) {
        throw new Rejection("token_expired", "The token has expired. Get a new one.");
      }
      return toPrincipal(claims);
    },
  };
}

type KeyObject = ReturnType<typeof createSecretKey>;

function readClaims(token: string, key: KeyObject, options: SharedSecretVerifierOptions) {
  const { audience, issuer, clock } = options;
  let verified: unknown;
  try {
    verified = jwt.verify(token, key, {
      algorithms: ["HS256"],
      clockTolerance: clockToleranceSeconds,
      clockTimestamp: Math.floor(clock.now() / 1000),
      // The library looks at it before the audience, and an expired token is to be told so only if all else is right.
      ignoreExpiration: true,
      ...(audience === undefined ? {} : { audience }),
      ...(issuer === undefined ? {} : { issuer }),
    });
  } catch (error) {
    throw new Rejection(
      "unauthenticated",
      `The token does not verify: ${error instanceof Error ? error.message : "unknown"}.`,
    );
  }
  const claims = Claims.safeParse(verified);
  if (!claims.success) {
    const names = [...new Set(claims.error.issues.map(({ path }) => String(path[0])))].join(", ");
    throw new Rejection("unauthenticated", `The token lacks a valid ${names || "set of claims"}.`);
  }
  return claims.data;
}

function toPrincipal(claims: z.output<typeof Claims>): Principal {
  const named = claims.roles ?? claims.realm_access?.roles ?? [];
  return {
    userId: claims.sub,
    name: claims.name ?? claims.preferred_username ?? null,
    // Other systems' roles stand in the same list; they say nothing here.
    roles: Role.options.filter((role) => named.includes(role)),
    grants: claims.grants,
    sessionId: claims.sid ?? null,
    tokenId: claims.jti ?? null,
    expiresAt: claims.exp * 1000,
  };
}
