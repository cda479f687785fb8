import { z } from "zod";
import type { UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { Grant, Role } from "../../shared/role.ts";
import { type Clock, latestTimestampMs } from "../runtime/clock.ts";
import type { Principal } from "../session/principal.ts";
import { clockToleranceSeconds } from "./signed-token.ts";
import { userIdOf } from "./user-id.ts";

/** An optional claim. An invalid value is treated as absent. */
const optional = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);

const Name = z.string().max(limits.nameLength);
/** The id of a session or token, by which it can be revoked. Some issuers write numbers. */
export const IdClaim = z.union([z.string().min(1), z.int().transform(String)]);

const Claims = z.looseObject({
  // A lone surrogate has no UTF-8 encoding of its own, so two subjects could become the same user.
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
  /** Called with the names of claims whose values are invalid and were ignored. */
  ignored(userId: UserId, claims: readonly string[]): void;
}

/** The roles if no setting names another claim: those of `roles`, or Keycloak's realm roles. */
export function usualRoles({ roles, realm_access }: Claims): readonly string[] {
  return namesIn(roles ?? realm_access?.roles);
}

/** Reads names from an array, or from a text in which spaces separate them, like a scope. */
export function namesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

/**
 * The principal of verified claims. Throws `Rejection("unauthenticated")` if they are not those of an access token or a
 * required claim is invalid, and `Rejection("token_expired")` if only the expiry is wrong. SPEC CONN-2, CONN-12.
 */
export function principalOf(verified: unknown, options: PrincipalOptions): Principal {
  const { clock, rolesOf = usualRoles, ignored } = options;
  const parsed = Claims.safeParse(verified);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0] ?? "set of claims")))].join(", ");
    throw new Rejection("unauthenticated", `The token lacks a valid ${names}.`);
  }
  const claims = parsed.data;
  // ID and refresh tokens are signed JWTs too, but not meant for access.
  if (claims.typ !== undefined && /^(id|refresh|offline|logout)$/i.test(claims.typ)) {
    throw new Rejection("unauthenticated", `A token of type ${claims.typ} is no access token.`);
  }
  const named = rolesOf(claims);
  const now = clock.now();
  if (now >= (claims.exp + clockToleranceSeconds) * 1000) {
    throw new Rejection("token_expired", "The token has expired. Get a new one.");
  }
  // A revocation concerns tokens issued before it, so a token from the future could never be revoked by its user.
  const iat = (claims.iat ?? 0) * 1000 > now + clockToleranceSeconds * 1000 ? undefined : claims.iat;
  const grants = (claims.grants ?? []).flatMap((grant) => Grant.safeParse(grant).data ?? []);
  const userId = userIdOf(claims.sub);
  const odd = oddOf(verified, { ...claims, iat, grants: grants.length === claims.grants?.length ? grants : undefined });
  if (odd.length > 0) ignored(userId, odd);
  return {
    userId,
    name: claims.name ?? claims.preferred_username ?? null,
    // The claim may also contain roles of other systems, which are ignored.
    roles: Role.options.filter((role) => named.includes(role)),
    grants,
    sessionId: claims.sid ?? null,
    tokenId: claims.jti ?? null,
    issuedAt: iat === undefined ? null : iat * 1000,
    expiresAt: Math.min(Math.floor(claims.exp * 1000), latestTimestampMs),
  };
}

/** The claims of the token that were ignored, in whole or in part. */
function oddOf(verified: unknown, used: Record<string, unknown>): string[] {
  const given = new Map(Object.entries(verified ?? {}));
  return Object.keys(Claims.shape).filter((name) => (given.get(name) ?? null) !== null && used[name] === undefined);
}
