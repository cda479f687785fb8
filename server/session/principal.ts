import type { UserId } from "../../shared/ids.ts";
import { type Namespace, rolesOfNamespace } from "../../shared/namespace.ts";
import type { Grant, Role } from "../../shared/role.ts";
import { namespaceOfKind, parseRoomKind } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";

/** The identity behind a connection or request, as stated by the token. */
export interface Principal {
  userId: UserId;
  name: string | null;
  roles: readonly Role[];
  grants: readonly Grant[];
  /** `sid` and `jti` of the token, by which it can be revoked. */
  sessionId: string | null;
  tokenId: string | null;
  /** The id of the cookie session, if one is used instead of the token. */
  cookieSession?: string | undefined;
  /** `iat`, and `exp`. Milliseconds since 1970. */
  issuedAt?: number | null;
  expiresAt: number;
}

/** How long a connection may outlive its token, so that the client can bring a new one. */
export const expiryGraceMs = 10_000;

export function hasRole(principal: Principal, ...roles: readonly Role[]): boolean {
  return principal.roles.some((role) => roles.includes(role));
}

/** By role; for `/monitoring` also by a grant on one of its rooms. */
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
