import type { Role } from "./role.ts";

export const namespaces = ["/chat", "/monitoring", "/agents", "/admin"] as const;
export type Namespace = (typeof namespaces)[number];

/** Who may enter. `/monitoring` is open to any token with a grant on one of its rooms as well. */
export const rolesOfNamespace = {
  "/chat": ["user", "agent", "admin", "service"],
  "/monitoring": ["monitor", "admin"],
  "/agents": ["agent"],
  "/admin": ["admin"],
} as const satisfies Record<Namespace, readonly Role[]>;
