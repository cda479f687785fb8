import { useEffect, useRef, useState } from "react";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { Gap } from "../rooms/gap.ts";
import { useClient } from "./provider.ts";

/** How a subscription is doing. */
export interface SubscriptionView {
  /** Everything that was missed has been told. */
  isLive: boolean;
  gap: Gap | null;
}

/** Calls back for every event of the topics; the newest callback is the one that is called. */
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

  // Lists that are written anew with every rendering say the same.
  const wanted = JSON.stringify({ topics, types, recent });
  useEffect(() => {
    const given = JSON.parse(wanted) as { topics: string[]; types?: `${EventType}`[]; recent: number };
    const options = { recent: given.recent, ...(given.types ? { types: given.types } : {}) };
    const tell = (event: Envelope) => latest.current(event);
    const cancel = client.monitoring.subscribe(given.topics, options, tell, {
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
