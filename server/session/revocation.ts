import type { Principal } from "./principal.ts";

/** Refuses all tokens of a user, of a session (`sid`), or of a cookie session (`login`); or one token (`jti`). */
export interface Revocation extends Revocable {
  /** Milliseconds since 1970. */
  at: number;
}

/** What a revocation can name. */
export interface Revocable {
  of: "user" | "session" | "token" | "login";
  id: string;
}

const kinds = ["user", "session", "token", "login"] as const;

/** Everything by which the principal can be revoked. */
export function revocable(principal: Principal): Revocable[] {
  const parts: Revocable[] = [];
  for (const of of kinds) {
    const id = idOf(of, principal);
    if (id !== null && id !== undefined) parts.push({ of, id });
  }
  return parts;
}

/**
 * Whether the revocation applies to the principal. A user may return with a token issued later; tokens count whole
 * seconds, so one issued in the same second is refused. A token without an issue time counts as issued before.
 */
export function concerns({ of, id, at }: Revocation, principal: Principal): boolean {
  if (idOf(of, principal) !== id) return false;
  return of !== "user" || (principal.issuedAt ?? Number.NEGATIVE_INFINITY) <= at;
}

function idOf(
  of: Revocable["of"],
  { userId, sessionId, tokenId, cookieSession }: Principal,
): string | null | undefined {
  switch (of) {
    case "user":
      return userId;
    case "session":
      return sessionId;
    case "token":
      return tokenId;
    case "login":
      return cookieSession;
  }
}
