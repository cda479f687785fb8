import { useEffect } from "react";
import { useAlerts } from "./alerts.ts";

/** Tells how many alerts one has not acknowledged, whatever is looked at. */
export default function AlertCount({ tell }: { tell(count: number): void }) {
  const { open } = useAlerts();
  useEffect(() => tell(open), [tell, open]);
  return null;
}
