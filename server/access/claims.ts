import { z } from "zod";
import { UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { Grant, Role } from "../../shared/role.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Principal } from "../session/principal.ts";
import { clockToleranceSeconds } from "./signed-token.ts";

const Claims = z.looseObject({
  sub: UserId,
  exp: z.number(),
  iat: z.number().optional(),
  name: z.string().max(limits.nameLength).optional(),
  preferred_username: z.string().max(limits.nameLength).optional(),
  sid: z.string().optional(),
  jti: z.string().optional(),
  typ: z.string().optional(),
  roles: z.array(z.string()).optional(),
  realm_access: z.object({ roles: z.array(z.string()).optional() }).optional(),
  grants: z.array(Grant).max(100).default([]),
});
export type Claims = z.output<typeof Claims>;

/** The roles, unless a setting names another claim: `roles`, or Keycloak's realm roles. */
export function usualRoles({ roles, realm_access }: Claims): readonly string[] {
  return roles ?? realm_access?.roles ?? [];
}

/**
 * The principal of verified claims. Rejects with `Rejection("unauthenticated")` what is no access token or lacks
 * something, and with `Rejection("token_expired")` what is right and over. `rolesOf` may reject, too.
 */
export function principalOf(
  verified: unknown,
  clock: Clock,
  rolesOf: (claims: Claims) => readonly string[],
): Principal {
  const parsed = Claims.safeParse(verified);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))].join(", ");
    throw new Rejection("unauthenticated", `The token lacks a valid ${names || "set of claims"}.`);
  }
  const claims = parsed.data;
  // ID and refresh tokens are signed JWTs too, and were given for something else.
  if (claims.typ !== undefined && /^(id|refresh|offline|logout)$/i.test(claims.typ)) {
    throw new Rejection("unauthenticated", `A token of type ${claims.typ} is no access token.`);
  }
  const named = rolesOf(claims);
  if (clock.now() >= (claims.exp + clockToleranceSeconds) * 1000) {
    throw new Rejection("token_expired", "The token has expired. Get a new one.");
  }
  return {
    userId: claims.sub,
    name: claims.name ?? claims.preferred_username ?? null,
    // Other systems' roles stand in the same list; they say nothing here.
    roles: Role.options.filter((role) => named.includes(role)),
    grants: claims.grants,
    sessionId: claims.sid ?? null,
    tokenId: claims.jti ?? null,
    issuedAt: claims.iat === undefined ? null : claims.iat * 1000,
    expiresAt: claims.exp * 1000,
  };
}
