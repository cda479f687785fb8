import type { UserId } from "../../shared/ids.ts";
import { type Namespace, rolesOfNamespace } from "../../shared/namespace.ts";
import type { Grant, Role } from "../../shared/role.ts";
import { namespaceOfKind, parseRoomKind } from "../../shared/room.ts";
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
  /** The id of the cookie session that stood for the token. */
  cookieSession?: string | undefined;
  /** `iat`, and `exp`. Milliseconds since 1970. */
  issuedAt?: number | null;
  expiresAt: number;
}

/** How long a connection outlives its token: the time that a client has to bring a new one. */
export const expiryGraceMs = 10_000;

export function hasRole(principal: Principal, ...roles: readonly Role[]): boolean {
  return principal.roles.some((role) => roles.includes(role));
}

/** By role; or, into `/monitoring`, by a grant on one of its rooms. */
export function mayEnter(principal: Principal, namespace: Namespace): boolean {
  if (hasRole(principal, ...rolesOfNamespace[namespace])) return true;
  if (namespace !== "/monitoring") return false;
  return principal.grants.some(({ room }) => {
    if (room === "*") return true;
    const kind = parseRoomKind(room);
    return kind !== undefined && namespaceOfKind[kind] === "/monitoring";
  });
}

export function senderOf({ userId, name }: Principal): Sender {
  return { userId, name, agentId: null };
}
