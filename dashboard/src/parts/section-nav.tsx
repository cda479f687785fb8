import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import classes from "./section-nav.module.css";

export interface Section {
  path: string;
  name: string;
  /** How many of them want to be looked at. */
  badge?: ReactNode;
}

/** A screen of several parts: the way from one to the other, and the one that is open. */
export function Sections({ name, sections, children }: { name: string; sections: Section[]; children: ReactNode }) {
  const [location] = useLocation();
  const isIn = (path: string) => location === path || location.startsWith(`${path}/`);
  return (
    <div className={classes.screen}>
      <nav className={classes.links} aria-label={name}>
        {sections.map(({ path, name: own, badge }) => (
          <Link key={path} href={path} className={classes.link} aria-current={isIn(path) ? "page" : undefined}>
            {own}
            {badge}
          </Link>
        ))}
      </nav>
      <div className={classes.content}>{children}</div>
    </div>
  );
}
