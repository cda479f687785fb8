import jwt from "jsonwebtoken";
import type { Role } from "../../shared/role.ts";

export const testSecret = "a secret for tests, of more than 32 bytes";

/** A token as a backend would sign it. Claims that are given replace those of the default. */
export function tokenOf(sub: string, roles: readonly Role[] = ["user"], claims: Record<string, unknown> = {}): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return jwt.sign({ sub, name: nameOf(sub), roles, exp: nowSeconds + 3_600, ...claims }, testSecret, {
    algorithm: "HS256",
  });
}

/** `ada` is called Ada. */
export function nameOf(sub: string): string {
  return sub.charAt(0).toUpperCase() + sub.slice(1);
}
