import type { ReactNode } from "react";
import classes from "./tag.module.css";

export type Tone = "good" | "busy" | "waiting" | "bad" | "quiet";

/** A coloured status label. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  );
}
