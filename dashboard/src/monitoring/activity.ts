import type { Client, Envelope } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";

/** One value for each of the last seconds, oldest first. */
export interface Activity {
  /** Seconds since 1970. */
  times: readonly number[];
  events: readonly number[];
  /** Milliseconds from the server's stamp to this page, of half of a second's events at most. */
  typicalDelay: readonly (number | null)[];
  /** Of 95 in a hundred. */
  longDelay: readonly (number | null)[];
  /** Milliseconds there and back, as the connection last measured it. */
  roundTrip: readonly (number | null)[];
}

interface Second {
  time: number;
  events: number;
  typical: number | null;
  long: number | null;
  roundTrip: number | null;
}

const secondsKept = 600;
/** So far the charts go back when the page is opened. */
const recentMost = 500;
/** More of one second would not change what half of them are. */
const delaysKept = 500;

/** How much happens and how late it is told, second by second. */
function createActivity(client: Client) {
  let seconds: Second[] = [];
  let count = 0;
  let delays: number[] = [];
  /** The server's clock may be ahead of this one: nothing arrives before it happens. */
  let ahead = 0;
  /** What was missed is told late, which says nothing about the way. */
  let isLive = false;
  /** What happened before anybody looked, by its second; `null` once it is known. */
  let past: Map<number, number> | null = new Map();

  function heard({ timestamp }: Envelope): void {
    if (past) {
      const second = Math.floor(Date.parse(timestamp) / 1_000);
      past.set(second, (past.get(second) ?? 0) + 1);
      return;
    }
    count += 1;
    if (!isLive) return;
    const delay = Date.now() - Date.parse(timestamp);
    ahead = Math.max(ahead, -delay);
    if (delays.length < delaysKept) delays.push(delay + ahead);
  }

  function begin(): void {
    if (past) seconds = secondsOf(past);
    past = null;
    isLive = true;
  }

  function endSecond(): void {
    if (past) return;
    delays.sort((one, other) => one - other);
    const at = (share: number) => delays[Math.floor(delays.length * share)] ?? null;
    const time = Math.floor(Date.now() / 1_000);
    seconds.push({ time, events: count, typical: at(0.5), long: at(0.95), roundTrip: client.roundTripMs });
    seconds = seconds.slice(-secondsKept);
    count = 0;
    delays = [];
  }

  return createStore<Activity>({
    read: () => ({
      times: seconds.map(({ time }) => time),
      events: seconds.map(({ events }) => events),
      typicalDelay: seconds.map(({ typical }) => typical),
      longDelay: seconds.map(({ long }) => long),
      roundTrip: seconds.map(({ roundTrip }) => roundTrip),
    }),
    watch(changed) {
      const cancel = client.monitoring.subscribe("*", past ? { recent: recentMost } : {}, heard, { live: begin });
      const cancelLoss = client.on("disconnected", () => {
        isLive = false;
      });
      const timer = setInterval(() => {
        endSecond();
        changed();
      }, 1_000);
      return () => {
        cancel();
        cancelLoss();
        clearInterval(timer);
      };
    },
  });
}

/** The first of them is left out: perhaps not all of its events were told. */
function secondsOf(counts: ReadonlyMap<number, number>): Second[] {
  const now = Math.floor(Date.now() / 1_000);
  const first = Math.max(Math.min(now, ...counts.keys()) + 1, now - secondsKept);
  return Array.from({ length: Math.max(0, now - first) }, (_, place) => ({
    time: first + place,
    events: counts.get(first + place) ?? 0,
    typical: null,
    long: null,
    roundTrip: null,
  }));
}

export const activityOf = storesOf(createActivity);

export function useActivity(): Activity {
  return useStore(activityOf(useClient(), ""));
}
