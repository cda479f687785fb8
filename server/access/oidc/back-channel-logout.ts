import type { Revocations } from "../revocation/revocations.ts";
import { readHead, untrustedIssuer } from "../signed-token.ts";
import type { Provider } from "./provider.ts";

interface BackChannelLogoutDeps {
  providers: ReadonlyMap<string, Provider>;
  revocations: Pick<Revocations, "revoke">;
}

/** Handles the logout token that a provider posts. Rejects with `unauthenticated` for an invalid one. */
export type BackChannelLogout = (token: string) => Promise<void>;

/**
 * Revokes the tokens of one session at the provider, or of all sessions of a user. Source: OpenID Connect Back-Channel
 * Logout 1.0.
 */
export function createBackChannelLogout({ providers, revocations }: BackChannelLogoutDeps): BackChannelLogout {
  return async (token) => {
    const { issuer } = readHead(token);
    const provider = providers.get(issuer ?? "");
    if (!provider) throw untrustedIssuer(issuer);
    const { userId, sessionId, issuedAt } = await provider.verifyLogout(token);
    // Revoked as of the time of issue: the same token, posted again, must not end sessions that have begun since.
    if (sessionId !== undefined) await revocations.revoke({ of: "session", id: sessionId }, issuedAt);
    else if (userId !== undefined) await revocations.revoke({ of: "user", id: userId }, issuedAt);
  };
}
