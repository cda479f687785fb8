import type { Principal } from "../session/principal.ts";

/**
 * Verifies a token and returns its principal. Rejects with `Rejection("token_expired")` if only the expiry is wrong, with
 * `Rejection("unauthenticated")` if anything else is, and with `Rejection("unavailable")` if it cannot be verified now.
 */
export interface TokenVerifier {
  verify(token: string): Promise<Principal>;
}
