import { z } from "zod";
import type { UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { Grant, Role } from "../../shared/role.ts";
import { type Clock, latestTimestampMs } from "../runtime/clock.ts";
import type { Principal } from "../session/principal.ts";
import { clockToleranceSeconds } from "./signed-token.ts";
import { userIdOf } from "./user-id.ts";

/** A claim that may be missing; one that has no usable value is left out. */
const optional = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);

const Name = z.string().max(limits.nameLength);
/** Some issuers write numbers. What has an id can be revoked by it. */
export const IdClaim = z.union([z.string().min(1), z.int().transform(String)]);

const Claims = z.looseObject({
  // Half of a surrogate pair has no bytes of its own: two subjects would be one user.
  sub: z
    .string()
    .min(1)
    .regex(/^\P{Surrogate}*$/u),
  exp: z.number(),
  iat: optional(z.number()),
  name: optional(Name),
  preferred_username: optional(Name),
  sid: optional(IdClaim),
  jti: optional(IdClaim),
  typ: optional(z.string()),
  roles: optional(z.union([z.string(), z.array(z.unknown())])),
  realm_access: optional(z.looseObject({ roles: z.unknown() })),
  grants: optional(z.array(z.unknown())),
});
export type Claims = z.output<typeof Claims>;

export interface PrincipalOptions {
  clock: Clock;
  /** Default: {@link usualRoles}. May reject. */
  rolesOf?(claims: Claims): readonly string[];
  /** Called with the names of claims that have no usable value and were left out. */
  ignored(userId: UserId, claims: readonly string[]): void;
}

/** The roles, unless a setting names another claim: `roles`, or Keycloak's realm roles. */
export function usualRoles({ roles, realm_access }: Claims): readonly string[] {
  return namesIn(roles ?? realm_access?.roles);
}

/** A list, or one text with spaces between the names, as a scope is written. */
export function namesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

/**
 * The principal of verified claims. Rejects with `Rejection("unauthenticated")` what is no access token or lacks
 * something, and with `Rejection("token_expired")` what is right and over. SPEC CONN-2, CONN-12.
 */
export function principalOf(verified: unknown, options: PrincipalOptions): Principal {
  const { clock, rolesOf = usualRoles, ignored } = options;
  const parsed = Claims.safeParse(verified);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0] ?? "set of claims")))].join(", ");
    throw new Rejection("unauthenticated", `The token lacks a valid ${names}.`);
  }
  const claims = parsed.data;
  // ID and refresh tokens are signed JWTs too, and were given for something else.
  if (claims.typ !== undefined && /^(id|refresh|offline|logout)$/i.test(claims.typ)) {
    throw new Rejection("unauthenticated", `A token of type ${claims.typ} is no access token.`);
  }
  const named = rolesOf(claims);
  const now = clock.now();
  if (now >= (claims.exp + clockToleranceSeconds) * 1000) {
    throw new Rejection("token_expired", "The token has expired. Get a new one.");
  }
  // Of the future, it would outlast every revocation of its user.
  const iat = (claims.iat ?? 0) * 1000 > now + clockToleranceSeconds * 1000 ? undefined : claims.iat;
  const grants = (claims.grants ?? []).flatMap((grant) => Grant.safeParse(grant).data ?? []);
  const userId = userIdOf(claims.sub);
  const odd = oddOf(verified, { ...claims, iat, grants: grants.length === claims.grants?.length ? grants : undefined });
  if (odd.length > 0) ignored(userId, odd);
  return {
    userId,
    name: claims.name ?? claims.preferred_username ?? null,
    // Other systems' roles stand in the same list; they say nothing here.
    roles: Role.options.filter((role) => named.includes(role)),
    grants,
    sessionId: claims.sid ?? null,
    tokenId: claims.jti ?? null,
    issuedAt: iat === undefined ? null : iat * 1000,
    expiresAt: Math.min(Math.floor(claims.exp * 1000), latestTimestampMs),
  };
}

/** The claims that the token has and that were left out, wholly or in part. */
function oddOf(verified: unknown, used: Record<string, unknown>): string[] {
  const given = new Map(Object.entries(verified ?? {}));
  return Object.keys(Claims.shape).filter((name) => (given.get(name) ?? null) !== null && used[name] === undefined);
}
