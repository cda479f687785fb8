import { Badge, VisuallyHidden } from "@mantine/core";
import { Link } from "wouter";
import classes from "./navigation.module.css";
import type { Screen } from "./screens.ts";

interface NavigationProps {
  screens: readonly Screen[];
  current: Screen | undefined;
  /** Number of items that need attention, by path of the screen. */
  counts: Partial<Record<Screen["path"], number>>;
}

/** Main navigation: at the left, on phones at the bottom. */
export function Navigation({ screens, current, counts }: NavigationProps) {
  return (
    <nav className={classes.navigation} aria-label="Screens">
      {screens.map((screen) => (
        <Link
          key={screen.path}
          href={screen.path}
          className={classes.link}
          aria-current={screen === current ? "page" : undefined}
        >
          <screen.icon size={20} stroke={1.7} aria-hidden />
          <span>{screen.name}</span>
          <CountBadge count={counts[screen.path] ?? 0} label={screen.counter?.label} />
        </Link>
      ))}
    </nav>
  );
}

function CountBadge({ count, label }: { count: number; label: string | undefined }) {
  if (count === 0) return null;
  return (
    <Badge
      className={classes.count ?? ""}
      size="xs"
      color={label === "unacknowledged" ? "red.8" : "indigo.7"}
      autoContrast={false}
    >
      {count > 99 ? "99+" : count}
      <VisuallyHidden> {label}</VisuallyHidden>
    </Badge>
  );
}
