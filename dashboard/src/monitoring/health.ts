import { type Client, type Envelope, EventType } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";
import { isEvent } from "../ui/is-event.ts";

export type HealthStatus = "ok" | "degraded" | "down";

export interface Component {
  name: string;
  status: HealthStatus | null;
  /** Time of the last report. */
  reportedAt: string;
  details: unknown;
  metrics: Readonly<Record<string, number>>;
  /** The worst status of each time slot, oldest first; `null` without a report. */
  past: readonly (HealthStatus | null)[];
}

export const slotSeconds = 10;
const slotsTrackedComponent = 60;
/** Limit, since producers choose the names; the most recently reported components are tracked. */
const maxComponents = 300;
const order: readonly HealthStatus[] = ["ok", "degraded", "down"];

interface TrackedComponent extends Omit<Component, "past"> {
  past: (HealthStatus | null)[];
}

function createHealth(client: Client) {
  const components = new Map<string, TrackedComponent>();

  function trackedOf(name: string, reportedAt: string): TrackedComponent {
    const tracked = components.get(name) ?? {
      name,
      status: null,
      reportedAt,
      details: undefined,
      metrics: {},
      past: [],
    };
    components.delete(name);
    components.set(name, tracked);
    const [oldest] = components.keys();
    if (components.size > maxComponents && oldest !== undefined) components.delete(oldest);
    tracked.reportedAt = reportedAt;
    return tracked;
  }

  function take(event: Envelope): void {
    if (isEvent(event, EventType.HealthUpdate)) {
      const { component, status, details } = event.data;
      const tracked = trackedOf(component, event.timestamp);
      tracked.status = status;
      tracked.details = details;
      const now = tracked.past.at(-1) ?? null;
      const worse = now === null || order.indexOf(status) > order.indexOf(now) ? status : now;
      tracked.past = [...tracked.past.slice(0, -1), worse];
    }
    if (isEvent(event, EventType.PerformanceUpdate)) {
      const { component, metrics } = event.data;
      trackedOf(component, event.timestamp).metrics = metrics;
    }
  }

  return createStore<readonly Component[]>({
    restMs: 500,
    read: () =>
      [...components.values()]
        .map((tracked) => ({ ...tracked }))
        .sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true })),
    watch(changed) {
      // The latest update of each component comes first, so that the page starts with current data.
      const cancel = client.monitoring.subscribe("health", { recent: 1 }, (event: Envelope) => {
        take(event);
        changed();
      });
      const timer = setInterval(() => {
        for (const tracked of components.values())
          tracked.past = [...tracked.past, tracked.status].slice(-slotsTrackedComponent);
        changed();
      }, slotSeconds * 1_000);
      return () => {
        cancel();
        clearInterval(timer);
      };
    },
  });
}

const healthOf = storesOf(createHealth);

/** Components with their current and past status. */
export function useHealth(): readonly Component[] {
  return useStore(healthOf(useClient(), ""));
}
