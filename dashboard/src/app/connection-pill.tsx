import { ConnectionStatus, FreshnessBadge } from "@signalbox/client/react";
import classes from "./connection-pill.module.css";

/** State of the connection and of the data, visible on every screen. */
export function ConnectionPill() {
  return (
    <div className={classes.pill}>
      <ConnectionStatus className={classes.connection ?? ""} />
      <FreshnessBadge />
    </div>
  );
}
