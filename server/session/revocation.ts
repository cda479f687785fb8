import type { Principal } from "./principal.ts";

/** Whose tokens are refused from now on: all of a user, of a session (`sid`), one (`jti`), or those of a cookie session. */
export interface Revocation {
  of: "user" | "session" | "token" | "login";
  id: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** What could be revoked of a principal. */
export function revocable({ userId, sessionId, tokenId, login }: Principal): Pick<Revocation, "of" | "id">[] {
  const named = { user: userId, session: sessionId, token: tokenId, login } as const;
  const kinds = ["user", "session", "token", "login"] as const;
  return kinds.flatMap((of) => {
    const id = named[of];
    return id === null || id === undefined ? [] : [{ of, id }];
  });
}

/**
 * Whether it concerns the principal. A user may come back with a token that was issued later; tokens count whole
 * seconds, so one of the same second is refused. What does not say when it was issued was issued before.
 */
export function concerns({ of, id, at }: Revocation, principal: Principal): boolean {
  if (!revocable(principal).some((part) => part.of === of && part.id === id)) return false;
  return of !== "user" || (principal.issuedAt ?? Number.NEGATIVE_INFINITY) <= at;
}
