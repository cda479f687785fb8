import { useClient, useConnection } from "@signalbox/client/react";
import { OfflineNotice, useNow } from "../ui/offline-notice.tsx";
import classes from "./shell.module.css";

/** Shorter interruptions, such as a deploy, need no notice. */
const delayMs = 2_000;

const closeTexts: Record<string, string> = {
  kicked: "An administrator has closed this connection",
  rate_limited: "The server closed the connection: too many requests",
  protocol_error: "The server closed the connection: protocol error",
  refused: "The server refused the connection",
};

/** A notice while there is no connection. Sessions that have ended lead to the sign-in page instead. */
export function ConnectionBanner() {
  const { status, offlineSince } = useConnection();
  if (status.name === "closed" && status.reason !== "client" && status.reason !== "revoked") {
    return <Banner problem={closeTexts[status.reason] ?? "The server closed the connection"} />;
  }
  return offlineSince === null ? null : <Reconnecting key={offlineSince} since={offlineSince} />;
}

function Reconnecting({ since }: { since: number }) {
  const { status, nextAttemptAt } = useConnection();
  const now = useNow();
  const isFirstAttempt = "tries" in status && status.tries.attempt === 0;
  if (isFirstAttempt || now - since < delayMs) return null;
  const problem = status.name === "offline" ? "No network connection" : "Cannot reach the server";
  return <Banner problem={problem} since={since} nextAttemptAt={nextAttemptAt} />;
}

interface BannerProps {
  problem: string;
  since?: number;
  nextAttemptAt?: number | null;
}

function Banner(props: BannerProps) {
  const client = useClient();
  return (
    <div className={classes.banner}>
      <OfflineNotice {...props} reconnect={() => void client.connect()} />
    </div>
  );
}
