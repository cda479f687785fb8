import type { Principal } from "../session/principal.ts";

/**
 * Tells who a token belongs to.
 * Rejects with `Rejection("token_expired")` if that is all that is wrong with it, else with `Rejection("unauthenticated")`;
 * with `Rejection("unavailable")` if it cannot be known now.
 */
export interface TokenVerifier {
  verify(token: string): Promise<Principal>;
}
