import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { Deferred } from "./deferred.tsx";
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
  const links = useRef<HTMLElement>(null);
  // On a phone they do not all fit, and the one that is open has to be in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the open one is another one then
  useEffect(() => {
    links.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [location]);
  const isIn = (path: string) => location === path || location.startsWith(`${path}/`);
  return (
    <div className={classes.screen}>
      <nav ref={links} className={classes.links} aria-label={name}>
        {sections.map(({ path, name: own, badge }) => (
          <Link key={path} href={path} className={classes.link} aria-current={isIn(path) ? "page" : undefined}>
            {own}
            {badge}
          </Link>
        ))}
      </nav>
      <div className={classes.content}>
        <Deferred key={sections.find(({ path }) => isIn(path))?.path}>{children}</Deferred>
      </div>
    </div>
  );
}
