import type { ReactNode } from "react";
import type { Tone } from "./tag.tsx";
import classes from "./tile.module.css";

/** Key figures. */
export function Tiles({ children }: { children: ReactNode }) {
  return <dl className={classes.tiles}>{children}</dl>;
}

export function Tile({ name, tone, children }: { name: string; tone?: Tone; children: ReactNode }) {
  return (
    <div className={classes.tile}>
      <dt>{name}</dt>
      <dd data-tone={tone}>{children}</dd>
    </div>
  );
}
