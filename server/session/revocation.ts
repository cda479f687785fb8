import type { Principal } from "./principal.ts";

/** Which tokens are refused: all of a user, of a session (`sid`), one (`jti`), or those of a cookie session (`login`). */
export interface Revocation extends Revocable {
  /** Milliseconds since 1970. */
  at: number;
}

/** What a revocation may name. */
export interface Revocable {
  of: "user" | "session" | "token" | "login";
  id: string;
}

const kinds = ["user", "session", "token", "login"] as const;

/** What could be revoked of a principal. */
export function revocable(principal: Principal): Revocable[] {
  const parts: Revocable[] = [];
  for (const of of kinds) {
    const id = idOf(of, principal);
    if (id !== null && id !== undefined) parts.push({ of, id });
  }
  return parts;
}

/**
 * Whether it concerns the principal. A user may come back with a token that was issued later; tokens count whole
 * seconds, so one of the same second is refused. What does not say when it was issued was issued before.
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
