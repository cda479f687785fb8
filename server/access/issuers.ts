import { readHead, untrustedIssuer } from "./signed-token.ts";
import type { TokenVerifier } from "./token-verifier.ts";

interface Issuers {
  /** The verifiers by `iss` of their tokens. */
  providers: ReadonlyMap<string, TokenVerifier>;
  /** Verifies the tokens of all other issuers. Default: these are refused. */
  others?: TokenVerifier | undefined;
}

/**
 * Verifies tokens of several issuers. The unverified `iss` selects one verifier, and with it the allowed algorithms and
 * keys. A forged `iss` gains nothing, since the token then does not verify with the keys of that issuer.
 */
export function createIssuers({ providers, others }: Issuers): TokenVerifier {
  // With a single verifier `iss` need not be read.
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
