import type { Role } from "./role.ts";

export const namespaces = ["/chat", "/monitoring", "/agents", "/admin"] as const;
export type Namespace = (typeof namespaces)[number];

/** What each is for. */
export const namespaceDescriptions: Readonly<Record<Namespace, string>> = {
  "/chat": "Conversations, streamed responses, notifications and announcements.",
  "/monitoring": "Tasks, streams, checkpoints, agents, health and alerts.",
  "/agents": "Programs that take work.",
  "/admin": "Operating the server.",
};

/** Roles that may enter. A grant on a room of `/monitoring` opens that namespace to any token as well. */
export const rolesOfNamespace = {
  "/chat": ["user", "agent", "admin", "service"],
  "/monitoring": ["monitor", "admin"],
  "/agents": ["agent"],
  "/admin": ["admin"],
} as const satisfies Record<Namespace, readonly Role[]>;
