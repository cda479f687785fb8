import type { SignedIn as User } from "@signalbox/client/session";
import { type Icon, IconActivity, IconMessages, IconServerCog } from "@tabler/icons-react";
import type { ComponentType } from "react";
import { retryableLazy } from "../ui/retryable-lazy.tsx";
import { serverSettings } from "../ui/server-settings.ts";

type Role = User["roles"][number];

/** A screen of the dashboard. Its code is loaded when it is opened. */
export interface Screen {
  /** Path of the screen, and prefix of the paths of its sections. */
  path: "/chat" | "/monitoring" | "/admin";
  name: string;
  icon: Icon;
  /** Any of these roles gives access. */
  roles: readonly Role[];
  /** The namespace that it needs. */
  namespace: "/chat" | "/monitoring" | "/admin";
  Content: ComponentType;
  /** Counts items that need attention, also while another screen is open. */
  counter?: { label: string; Counter: ComponentType<{ onCount(count: number): void }> };
}

const screens: readonly Screen[] = [
  {
    path: "/chat",
    name: "Chat",
    icon: IconMessages,
    roles: ["user", "agent", "admin", "service"],
    namespace: "/chat",
    Content: retryableLazy(() => import("../chat/chat-screen.tsx")),
    counter: { label: "unread", Counter: retryableLazy(() => import("../chat/unread-count.ts")) },
  },
  {
    path: "/monitoring",
    name: "Monitoring",
    icon: IconActivity,
    roles: ["monitor", "admin"],
    namespace: "/monitoring",
    Content: retryableLazy(() => import("../monitoring/monitoring-screen.tsx")),
    counter: { label: "unacknowledged", Counter: retryableLazy(() => import("../monitoring/alert-count.ts")) },
  },
  {
    path: "/admin",
    name: "Admin",
    icon: IconServerCog,
    roles: ["admin"],
    namespace: "/admin",
    Content: retryableLazy(() => import("../admin/admin-screen.tsx")),
  },
];

/** Screens that a user may open, in the order of the navigation. */
export function screensOf({ roles }: Pick<User, "roles">): readonly Screen[] {
  return screens.filter(
    (screen) =>
      screen.roles.some((role) => roles.includes(role)) && (screen.path !== "/admin" || serverSettings.hasAdmin),
  );
}
