import { Fragment, type ReactNode } from "react";
import classes from "./definition-list.module.css";

/** Names and values. Entries that are `undefined` are left out. */
export function DefinitionList({ entries }: { entries: Readonly<Record<string, ReactNode>> }) {
  return (
    <dl className={classes.list}>
      {Object.entries(entries).map(
        ([name, value]) =>
          value !== undefined && (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Fragment>
          ),
      )}
    </dl>
  );
}
