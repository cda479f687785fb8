import type { ReactNode } from "react";
import classes from "./tag.module.css";

export type Tone = "good" | "busy" | "waiting" | "bad" | "quiet";

/** A word that says how something is; its colour says it again. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  );
}
