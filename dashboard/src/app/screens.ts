import type { SignedIn as Person } from "@signalbox/client/session";
import { type Icon, IconActivity, IconMessages, IconServerCog } from "@tabler/icons-react";
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { serverSettings } from "../ui/server-settings.ts";

export type Role = Person["roles"][number];

/** A screen: it stands in the navigation of those who may see it, and is loaded when it is opened. */
export interface Screen {
  /** Its address, and the beginning of those of its parts. */
  path: "/chat" | "/monitoring" | "/admin";
  name: string;
  icon: Icon;
  /** Who may see it: any of these. */
  roles: readonly Role[];
  /** What the server has to let us into for it. */
  namespace: "/chat" | "/monitoring" | "/admin";
  Content: LazyExoticComponent<ComponentType>;
  /** What waits there to be looked at, counted also while another screen is open. */
  waiting?: { of: string; Count: LazyExoticComponent<ComponentType<{ tell(count: number): void }>> };
}

const screens: readonly Screen[] = [
  {
    path: "/chat",
    name: "Chat",
    icon: IconMessages,
    roles: ["user", "agent", "admin", "service"],
    namespace: "/chat",
    Content: lazy(() => import("../chat/chat-screen.tsx")),
    waiting: { of: "unread", Count: lazy(() => import("../chat/unread-count.ts")) },
  },
  {
    path: "/monitoring",
    name: "Monitoring",
    icon: IconActivity,
    roles: ["monitor", "admin"],
    namespace: "/monitoring",
    Content: lazy(() => import("../monitoring/monitoring-screen.tsx")),
    waiting: { of: "unacknowledged", Count: lazy(() => import("../monitoring/alert-count.ts")) },
  },
  {
    path: "/admin",
    name: "Admin",
    icon: IconServerCog,
    roles: ["admin"],
    namespace: "/admin",
    Content: lazy(() => import("../admin/admin-screen.tsx")),
  },
];

/** The screens that exist for somebody, in the order of the navigation. */
export function screensOf({ roles }: Pick<Person, "roles">): readonly Screen[] {
  return screens.filter(
    (screen) =>
      screen.roles.some((role) => roles.includes(role)) && (screen.path !== "/admin" || serverSettings.hasAdmin),
  );
}
