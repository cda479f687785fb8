import { Alert, Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import classes from "./offline-notice.module.css";
import { ClockTime } from "./time.tsx";

interface OfflineNoticeProps {
  /** Such as `Cannot reach the server`. */
  problem: string;
  /** Milliseconds since 1970, as all times here. */
  since?: number | null;
  /** `null` or a time in the past: an attempt is in progress. Without it there is no next attempt. */
  nextAttemptAt?: number | null;
  reconnect(): void;
}

/** Says since when there is no connection and when the next attempt is, with a button to try at once. */
export function OfflineNotice({ problem, since, nextAttemptAt, reconnect }: OfflineNoticeProps) {
  const now = useNow();
  const seconds = Math.ceil(((nextAttemptAt ?? 0) - now) / 1_000);
  return (
    <Alert color="yellow" radius={0} py="xs" icon={<IconPlugConnectedX aria-hidden />}>
      <div className={classes.line}>
        <span role="status">
          {problem}
          {since != null && (
            <>
              {" since "}
              <ClockTime at={new Date(since).toISOString()} />
            </>
          )}
          .
        </span>
        {/* Not announced: it changes every second. */}
        {nextAttemptAt !== undefined && <span>{seconds > 0 ? `Next try in ${seconds} s.` : "Trying now…"}</span>}
        <Button size="compact-sm" variant="default" onClick={reconnect}>
          Reconnect now
        </Button>
      </div>
    </Alert>
  );
}

/** The current time, several times a second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return now;
}
