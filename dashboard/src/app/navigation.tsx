import { Link } from "wouter";
import classes from "./navigation.module.css";
import type { Screen } from "./screens.ts";

/** At the left; at the bottom of a phone. */
export function Navigation({ screens, current }: { screens: readonly Screen[]; current: Screen | undefined }) {
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
        </Link>
      ))}
    </nav>
  );
}
