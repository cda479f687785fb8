import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Deferred } from "./deferred.tsx";
import classes from "./page.module.css";

interface PageProps {
  title: ReactNode;
  /** Filters and buttons, beside the title. */
  actions?: ReactNode;
  /** Takes all the height there is and scrolls inside; otherwise it is as long as it is. */
  fills?: boolean;
  children: ReactNode;
}

/** A part of a screen, with its name. */
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

/** What belongs together, under a name. */
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
