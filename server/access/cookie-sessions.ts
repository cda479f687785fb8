import { createHash, randomBytes, randomUUID } from "node:crypto";
import { Rejection } from "../../shared/rejection.ts";
import type { Clock } from "../runtime/clock.ts";
import { cookieSessionPrefix, isCookieSessionSecret } from "../session/cookie-session-secret.ts";
import type { Principal } from "../session/principal.ts";
import type { Documents, Versioned } from "../store/documents/documents.ts";
import type { Revocations } from "./revocation/revocations.ts";
import type { TokenVerifier } from "./token-verifier.ts";

interface CookieSessionsDeps {
  documents: Documents;
  revocations: Pick<Revocations, "revoke" | "isRevoked">;
  clock: Clock;
}

/** The stored form. The id is named `login`, as in an earlier version, whose sessions remain valid. */
type StoredSession = Omit<Principal, "cookieSession"> & { login: string };

/**
 * Cookie sessions: a secret made by this server replaces a token until that token expires. Only a hash of the secret is
 * stored, so that a session cannot be taken over by reading the store.
 */
export class CookieSessions {
  readonly #deps: CookieSessionsDeps;

  constructor(deps: CookieSessionsDeps) {
    this.#deps = deps;
  }

  /**
   * Begins a session and returns its secret. If the secret `before` belongs to a session of the same user, that session
   * continues with the new secret. A session of another user ends.
   */
  async begin(principal: Principal, before: string | undefined): Promise<string> {
    const { documents, clock } = this.#deps;
    const earlier = before === undefined ? undefined : await this.#find(before);
    const isSameUser = earlier?.userId === principal.userId && !(await this.#deps.revocations.isRevoked(earlier));
    const { cookieSession: _, ...rest } = principal;
    const stored: StoredSession = { ...rest, login: (isSameUser && earlier?.cookieSession) || randomUUID() };

    const secret = cookieSessionPrefix + randomBytes(32).toString("base64url");
    const ttlMs = Math.max(1, principal.expiresAt - clock.now());
    await documents.put("login", hashOf(secret), stored, 0, { ttlMs });
    if (before !== undefined && isSameUser) await this.#forget(before);
    else if (before !== undefined) await this.end(before);
    return secret;
  }

  /** Rejects with `unauthenticated` if there is no session with this secret. */
  async verify(secret: string): Promise<Principal> {
    const principal = await this.#find(secret);
    if (!principal) throw new Rejection("unauthenticated", "The session has ended. Log in again.");
    return principal;
  }

  /** Ends the session, and closes its connections on every instance. */
  async end(secret: string): Promise<void> {
    const principal = await this.#find(secret);
    if (principal?.cookieSession === undefined) return;
    await this.#deps.revocations.revoke({ of: "login", id: principal.cookieSession });
    await this.#forget(secret);
  }

  async #find(secret: string): Promise<Principal | undefined> {
    const found = await this.#stored(secret);
    if (!found) return undefined;
    const { login: cookieSession, ...principal } = found.value;
    return { ...principal, cookieSession };
  }

  async #forget(secret: string): Promise<void> {
    const found = await this.#stored(secret);
    // Documents cannot be deleted, but can be made to expire after a millisecond.
    if (found) await this.#deps.documents.put("login", hashOf(secret), found.value, found.version, { ttlMs: 1 });
  }

  async #stored(secret: string): Promise<Versioned<StoredSession> | undefined> {
    if (!isCookieSessionSecret(secret)) return undefined;
    return this.#deps.documents.get<StoredSession>("login", hashOf(secret));
  }
}

interface CookieSessionTokens {
  cookieSessions: CookieSessions;
  /** Verifies all other tokens. */
  verifier: TokenVerifier;
}

/** Accepts secrets of cookie sessions besides tokens. */
export function createCookieSessionTokens({ cookieSessions, verifier }: CookieSessionTokens): TokenVerifier {
  return {
    verify: (token) => (token.startsWith(cookieSessionPrefix) ? cookieSessions.verify(token) : verifier.verify(token)),
  };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
