import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Deferred } from "./deferred.tsx";
import classes from "./page.module.css";

interface PageProps {
  title: ReactNode;
  /** Filters and buttons beside the title. */
  actions?: ReactNode;
  /** Fills the available height and scrolls inside; otherwise the page scrolls. */
  fills?: boolean;
  children: ReactNode;
}

/** A page of a screen, with its title. */
export function Page({ title, actions, fills = false, children }: PageProps) {
  return (
    <section className={classes.page} data-fills={fills}>
      <div className={classes.head}>
        <Title order={1} size="h4" className={classes.title}>
          {title}
        </Title>
        {actions && <Deferred>{actions}</Deferred>}
      </div>
      {children}
    </section>
  );
}

/** A titled card. */
export function Panel({ title, actions, children }: { title: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.card}>
      <div className={classes.head}>
        <Title order={2} size="h6" className={classes.title}>
          {title}
        </Title>
        {actions}
      </div>
      <Deferred>{children}</Deferred>
    </section>
  );
}
