import { readHead, untrustedIssuer } from "./signed-token.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface Issuers {
  /** By `iss` of their tokens. */
  providers: ReadonlyMap<string, TokenVerifier>;
  /** For tokens of all other issuers. Default: those are refused. */
  others?: TokenVerifier | undefined;
}

/**
 * All trusted issuers. The `iss` of a token, which is not verified yet, chooses the one verifier that is asked, and so
 * the one family of algorithms: a token that names another issuer than its own is held to the wrong key.
 */
export function createIssuers({ providers, others }: Issuers): TokenVerifier {
  // With one verifier there is nothing to choose, and no need to read `iss`.
  if (providers.size === 0 && others) return others;
  return {
    async verify(token) {
      const { issuer } = readHead(token);
      const verifier = (issuer === undefined ? undefined : providers.get(issuer)) ?? others;
      if (!verifier) throw untrustedIssuer(issuer);
      return verifier.verify(token);
    },
  };
}
