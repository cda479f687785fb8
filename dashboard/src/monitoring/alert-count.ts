import { useEffect } from "react";
import { useAlerts } from "./alerts.ts";

/** Reports the number of unacknowledged alerts to the navigation. */
export default function AlertCount({ onCount }: { onCount(count: number): void }) {
  const { open } = useAlerts();
  useEffect(() => onCount(open), [onCount, open]);
  return null;
}
