import { ConnectionStatus, FreshnessBadge } from "@signalbox/client/react";
import classes from "./connection-pill.module.css";

/** How the connection is, and whether what is shown is what is: always in sight. */
export function ConnectionPill() {
  return (
    <div className={classes.pill}>
      <ConnectionStatus className={classes.connection ?? ""} />
      <FreshnessBadge />
    </div>
  );
}
