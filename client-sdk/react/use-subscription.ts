import { useEffect, useRef, useState } from "react";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { Gap } from "../rooms/gap.ts";
import { useClient } from "./provider.ts";

/** State of a subscription. */
export interface SubscriptionView {
  /** Missed events have been delivered; events now arrive live. */
  isLive: boolean;
  gap: Gap | null;
}

/** Subscribes while the component is mounted. The most recent callback is the one that is called. */
export function useSubscription(
  topics: readonly string[],
  callback: (event: Envelope) => void,
  { types, recent = 0 }: { types?: readonly `${EventType}`[]; recent?: number } = {},
): SubscriptionView {
  const client = useClient();
  const [view, setView] = useState<SubscriptionView>({ isLive: false, gap: null });
  const latest = useRef(callback);
  useEffect(() => {
    latest.current = callback;
  });

  // Compared by value: callers often pass new arrays with every render.
  const wanted = JSON.stringify({ topics, types, recent });
  useEffect(() => {
    const given = JSON.parse(wanted) as { topics: string[]; types?: `${EventType}`[]; recent: number };
    const options = { recent: given.recent, ...(given.types ? { types: given.types } : {}) };
    const notify = (event: Envelope) => latest.current(event);
    const cancel = client.monitoring.subscribe(given.topics, options, notify, {
      live: () => setView((before) => ({ ...before, isLive: true })),
      gap: (gap) => setView((before) => ({ ...before, gap })),
    });
    const cancelStatus = client.on("disconnected", () => setView((before) => ({ ...before, isLive: false })));
    return () => {
      cancel();
      cancelStatus();
    };
  }, [client, wanted]);
  return view;
}
