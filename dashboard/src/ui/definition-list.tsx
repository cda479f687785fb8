import { Fragment, type ReactNode } from "react";
import classes from "./definition-list.module.css";

/** What is known of something. What is `undefined` is not known. */
export function DefinitionList({ facts }: { facts: Readonly<Record<string, ReactNode>> }) {
  return (
    <dl className={classes.facts}>
      {Object.entries(facts).map(
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
