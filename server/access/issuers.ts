import { doesNotVerify, readHead } from "./signed-token.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface Issuers {
  /** By what their tokens have for `iss`. */
  providers: ReadonlyMap<string, TokenVerifier>;
  /** For the tokens of everybody else. Default: there is nobody else. */
  others?: TokenVerifier | undefined;
}

/**
 * Everybody whose tokens are believed. What a token says of its issuer chooses the one verifier that is asked, and so
 * the one family of algorithms: a token that says another than its own finds the wrong key there.
 */
export function createIssuers({ providers, others }: Issuers): TokenVerifier {
  // Nobody to choose between: what a token says of its issuer need not be read.
  if (providers.size === 0 && others) return others;
  return {
    async verify(token) {
      const { issuer } = readHead(token);
      const verifier = (issuer === undefined ? undefined : providers.get(issuer)) ?? others;
      if (!verifier) throw doesNotVerify("its issuer is not known here");
      return verifier.verify(token);
    },
  };
}
