import { useLocalStorage } from "@mantine/hooks";
import { type Envelope, EventType } from "@signalbox/client";
import { useMemo } from "react";
import { useSignedIn } from "../session/session-context.ts";
import { isEvent } from "../ui/is-event.ts";
import { type EventList, useEvents } from "./event-list.ts";

export interface Alert {
  alertId: string;
  severity: "info" | "warning" | "critical";
  title: string;
  details: unknown;
  at: string;
  isAcknowledged: boolean;
}

interface Alerts extends Omit<EventList, "events"> {
  /** Newest first. */
  alerts: readonly Alert[];
  /** Number of alerts that this user has not acknowledged. */
  open: number;
  acknowledge(alertIds: readonly string[]): void;
  reopen(alertId: string): void;
}

const maxAlerts = 1_000;

/** Alerts, and which of them this user has acknowledged (stored in localStorage, for all tabs). */
export function useAlerts(): Alerts {
  const { session } = useSignedIn();
  const list = useEvents({ topics: ["alerts"], types: ["alert_created"], max: maxAlerts });
  const [acknowledged, setAcknowledged] = useLocalStorage<string[]>({
    key: `signalbox-acknowledged-${session.userId}`,
    defaultValue: [],
    getInitialValueInEffect: false,
  });

  return useMemo(() => {
    const known = new Set(acknowledged);
    const alerts = list.events
      .flatMap((event) => (isEvent(event, EventType.AlertCreated) ? alertOf(event, known) : []))
      .reverse();
    return {
      ...list,
      alerts,
      open: alerts.filter(({ isAcknowledged }) => !isAcknowledged).length,
      acknowledge: (ids) => setAcknowledged((before) => [...new Set([...before, ...ids])].slice(-maxAlerts)),
      reopen: (id) => setAcknowledged((before) => before.filter((other) => other !== id)),
    };
  }, [list, acknowledged, setAcknowledged]);
}

function alertOf({ data, timestamp }: Envelope<EventType.AlertCreated>, known: ReadonlySet<string>): Alert {
  const { alertId, severity, title, details } = data;
  return { alertId, severity, title, details, at: timestamp, isAcknowledged: known.has(alertId) };
}
