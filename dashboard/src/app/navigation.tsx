import { Badge, VisuallyHidden } from "@mantine/core";
import { Link } from "wouter";
import classes from "./navigation.module.css";
import type { Screen } from "./screens.ts";

interface NavigationProps {
  screens: readonly Screen[];
  current: Screen | undefined;
  /** How much waits on a screen, by its path. */
  waiting: Partial<Record<Screen["path"], number>>;
}

/** At the left; at the bottom of a phone. */
export function Navigation({ screens, current, waiting }: NavigationProps) {
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
          <Waiting count={waiting[screen.path] ?? 0} of={screen.waiting?.of} />
        </Link>
      ))}
    </nav>
  );
}

function Waiting({ count, of }: { count: number; of: string | undefined }) {
  if (count === 0) return null;
  return (
    <Badge
      className={classes.waiting ?? ""}
      size="xs"
      color={of === "unacknowledged" ? "red.8" : "indigo.7"}
      autoContrast={false}
    >
      {count > 99 ? "99+" : count}
      <VisuallyHidden> {of}</VisuallyHidden>
    </Badge>
  );
}
