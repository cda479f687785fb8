import { type Client, type Envelope, EventType } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";
import { isEvent } from "../ui/is-event.ts";

export type HealthStatus = "ok" | "degraded" | "down";

export interface Component {
  name: string;
  status: HealthStatus | null;
  /** When it was last heard of. */
  heardAt: string;
  details: unknown;
  metrics: Readonly<Record<string, number>>;
  /** The worst of each of the last slots, oldest first; `null` where nothing is known. */
  past: readonly (HealthStatus | null)[];
}

export const slotSeconds = 10;
const slotsKept = 60;
/** Those that were heard of last; a producer may name as many as it likes. */
const componentsMost = 300;
const order: readonly HealthStatus[] = ["ok", "degraded", "down"];

interface Kept extends Omit<Component, "past"> {
  past: (HealthStatus | null)[];
}

function createHealth(client: Client) {
  const components = new Map<string, Kept>();

  function keptOf(name: string, heardAt: string): Kept {
    const kept = components.get(name) ?? { name, status: null, heardAt, details: undefined, metrics: {}, past: [] };
    components.delete(name);
    components.set(name, kept);
    const [oldest] = components.keys();
    if (components.size > componentsMost && oldest !== undefined) components.delete(oldest);
    kept.heardAt = heardAt;
    return kept;
  }

  function take(event: Envelope): void {
    if (isEvent(event, EventType.HealthUpdate)) {
      const { component, status, details } = event.data;
      const kept = keptOf(component, event.timestamp);
      kept.status = status;
      kept.details = details;
      const now = kept.past.at(-1) ?? null;
      const worse = now === null || order.indexOf(status) > order.indexOf(now) ? status : now;
      kept.past = [...kept.past.slice(0, -1), worse];
    }
    if (isEvent(event, EventType.PerformanceUpdate)) {
      const { component, metrics } = event.data;
      keptOf(component, event.timestamp).metrics = metrics;
    }
  }

  return createStore<readonly Component[]>({
    restMs: 500,
    read: () =>
      [...components.values()]
        .map((kept) => ({ ...kept }))
        .sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true })),
    watch(changed) {
      // Of each the newest is told first, so an empty page knows at once.
      const cancel = client.monitoring.subscribe("health", { recent: 1 }, (event: Envelope) => {
        take(event);
        changed();
      });
      const timer = setInterval(() => {
        for (const kept of components.values()) kept.past = [...kept.past, kept.status].slice(-slotsKept);
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

/** Every component that was heard of, with what became of it. */
export function useHealth(): readonly Component[] {
  return useStore(healthOf(useClient(), ""));
}
