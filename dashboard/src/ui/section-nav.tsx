import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { Deferred } from "./deferred.tsx";
import classes from "./section-nav.module.css";

interface Section {
  path: string;
  name: string;
  /** Number of items that need attention. */
  badge?: ReactNode;
}

/** A screen with several sections and navigation between them. */
export function Sections({ name, sections, children }: { name: string; sections: Section[]; children: ReactNode }) {
  const [location] = useLocation();
  const links = useRef<HTMLElement>(null);
  // On a phone the links do not all fit; keep the current one visible.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the current link changes with the location
  useEffect(() => {
    links.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [location]);
  const isIn = (path: string) => location === path || location.startsWith(`${path}/`);
  return (
    <div className={classes.screen}>
      <nav ref={links} className={classes.links} aria-label={name}>
        {sections.map(({ path, name: label, badge }) => (
          <Link key={path} href={path} className={classes.link} aria-current={isIn(path) ? "page" : undefined}>
            {label}
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
