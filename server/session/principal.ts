import type { UserId } from "../../shared/ids.ts";
import type { Grant, Role } from "../../shared/role.ts";
import type { Sender } from "../../shared/sender.ts";

/** Who a connection or a request belongs to, as the token says. */
export interface Principal {
  userId: UserId;
  name: string | null;
  roles: readonly Role[];
  grants: readonly Grant[];
  /** `sid` and `jti` of the token: what a revocation may name. */
  sessionId: string | null;
  tokenId: string | null;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export function hasRole(principal: Principal, ...roles: readonly Role[]): boolean {
  return principal.roles.some((role) => roles.includes(role));
}

export function senderOf({ userId, name }: Principal): Sender {
  return { userId, name, agentId: null };
}
