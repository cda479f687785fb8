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

export interface Alerts extends Omit<EventList, "events"> {
  /** Newest first. */
  alerts: readonly Alert[];
  /** Those that this viewer has not acknowledged. */
  open: number;
  acknowledge(alertIds: readonly string[]): void;
  reopen(alertId: string): void;
}

const alertsMost = 1_000;

/** Alerts, and which of them this viewer has seen to: kept in the browser, for every tab of it. */
export function useAlerts(): Alerts {
  const { session } = useSignedIn();
  const list = useEvents({ topics: ["alerts"], types: ["alert_created"], most: alertsMost });
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
      acknowledge: (ids) => setAcknowledged((before) => [...new Set([...before, ...ids])].slice(-alertsMost)),
      reopen: (id) => setAcknowledged((before) => before.filter((other) => other !== id)),
    };
  }, [list, acknowledged, setAcknowledged]);
}

function alertOf({ data, timestamp }: Envelope<EventType.AlertCreated>, known: ReadonlySet<string>): Alert {
  const { alertId, severity, title, details } = data;
  return { alertId, severity, title, details, at: timestamp, isAcknowledged: known.has(alertId) };
}
