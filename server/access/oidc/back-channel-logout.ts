import type { Revocations } from "../revocation/revocations.ts";
import { readHead, untrustedIssuer } from "../signed-token.ts";
import type { Provider } from "./provider.ts";

export interface BackChannelLogoutDeps {
  providers: ReadonlyMap<string, Provider>;
  revocations: Pick<Revocations, "revoke">;
}

/** Takes the logout token that a provider posts. Rejects with `unauthenticated` for anything else. */
export type BackChannelLogout = (token: string) => Promise<void>;

/** Ends what belongs to a session of a provider, or to all of a user's; see OpenID Connect Back-Channel Logout 1.0. */
export function createBackChannelLogout({ providers, revocations }: BackChannelLogoutDeps): BackChannelLogout {
  return async (token) => {
    const { issuer } = readHead(token);
    const provider = providers.get(issuer ?? "");
    if (!provider) throw untrustedIssuer(issuer);
    const { userId, sessionId, issuedAt } = await provider.verifyLogout(token);
    // As of then, and not as of now: the same token once more would end what has begun since.
    if (sessionId !== undefined) await revocations.revoke({ of: "session", id: sessionId }, issuedAt);
    else if (userId !== undefined) await revocations.revoke({ of: "user", id: userId }, issuedAt);
  };
}
