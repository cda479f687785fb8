import { createHash, randomBytes, randomUUID } from "node:crypto";
import { Rejection } from "../../shared/rejection.ts";
import type { Clock } from "../runtime/clock.ts";
import { isLoginSecret, loginSecretPrefix } from "../session/cookie-session-secret.ts";
import type { Principal } from "../session/principal.ts";
import type { Documents } from "../store/documents/documents.ts";
import type { Revocations } from "./revocation/revocations.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface LoginsDeps {
  documents: Documents;
  revocations: Pick<Revocations, "revoke" | "isRevoked">;
  clock: Clock;
}

/**
 * Cookie sessions: a secret of ours that stands for a token for as long as that is good. The store keeps a hash of it,
 * so that nobody who can read the store can use what is there.
 */
export class Logins {
  readonly #deps: LoginsDeps;

  constructor(deps: LoginsDeps) {
    this.#deps = deps;
  }

  /**
   * Begins a session, or goes on with the one of `before` under a new secret if it is the same user's; somebody else's
   * is ended.
   */
  async begin(principal: Principal, before: string | undefined): Promise<string> {
    const { documents, clock } = this.#deps;
    const earlier = before === undefined ? undefined : await this.#find(before);
    const isTheirs = earlier?.userId === principal.userId && !(await this.#deps.revocations.isRevoked(earlier));
    const login = (isTheirs && earlier?.login) || randomUUID();

    const secret = loginSecretPrefix + randomBytes(32).toString("base64url");
    const ttlMs = Math.max(1, principal.expiresAt - clock.now());
    await documents.put<Principal>("login", hashOf(secret), { ...principal, login }, 0, { ttlMs });
    if (before !== undefined && isTheirs) await this.#forget(before);
    else if (before !== undefined) await this.end(before);
    return secret;
  }

  /** Rejects with `unauthenticated` when there is none. */
  async verify(secret: string): Promise<Principal> {
    const principal = await this.#find(secret);
    if (!principal) throw new Rejection("unauthenticated", "The session has ended. Log in again.");
    return principal;
  }

  /** Ends the session, and its connections on every instance. */
  async end(secret: string): Promise<void> {
    const principal = await this.#find(secret);
    if (principal?.login === undefined) return;
    await this.#deps.revocations.revoke({ of: "login", id: principal.login });
    await this.#forget(secret);
  }

  async #find(secret: string): Promise<Principal | undefined> {
    if (!isLoginSecret(secret)) return undefined;
    return (await this.#deps.documents.get<Principal>("login", hashOf(secret)))?.value;
  }

  async #forget(secret: string): Promise<void> {
    const { documents } = this.#deps;
    const found = await documents.get<Principal>("login", hashOf(secret));
    // The port has no removal; what is left for a millisecond is as good.
    if (found) await documents.put("login", hashOf(secret), found.value, found.version, { ttlMs: 1 });
  }
}

/** Takes the secrets of cookie sessions for tokens, and leaves all others to `verifier`. */
export function createLoginTokens({ logins, verifier }: { logins: Logins; verifier: TokenVerifier }): TokenVerifier {
  return { verify: (token) => (token.startsWith(loginSecretPrefix) ? logins.verify(token) : verifier.verify(token)) };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
