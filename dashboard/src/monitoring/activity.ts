import type { Client, Envelope } from "@signalbox/client";
import { createStore, storesOf, useClient, useStore } from "@signalbox/client/react";

/** Event rate and latency, one value per second, oldest first. */
interface Activity {
  /** Seconds since 1970. */
  times: readonly number[];
  events: readonly number[];
  /** Median time from the server to this page, milliseconds. */
  medianLatency: readonly (number | null)[];
  /** 95th percentile, milliseconds. */
  p95Latency: readonly (number | null)[];
  /** Round-trip time of the connection at its last measurement, milliseconds. */
  roundTrip: readonly (number | null)[];
}

interface Second {
  time: number;
  events: number;
  median: number | null;
  p95: number | null;
  roundTrip: number | null;
}

const secondsKept = 600;
/** Past events read when the page is opened. */
const initialEvents = 500;
/** Enough samples per second for the percentiles. */
const maxSamples = 500;

/** Counts events and measures their latency, second by second. */
function createActivity(client: Client) {
  let seconds: Second[] = [];
  let count = 0;
  let latencies: number[] = [];
  /** How far the server's clock is ahead of this one, at least: latency is never negative. */
  let clockOffset = 0;
  /** Events that were caught up with say nothing about latency. */
  let isLive = false;
  /** Counts of past events by second, while they are being read; `null` after that. */
  let past: Map<number, number> | null = new Map();

  function countEvent({ timestamp }: Envelope): void {
    if (past) {
      const second = Math.floor(Date.parse(timestamp) / 1_000);
      past.set(second, (past.get(second) ?? 0) + 1);
      return;
    }
    count += 1;
    if (!isLive) return;
    const latency = Date.now() - Date.parse(timestamp);
    clockOffset = Math.max(clockOffset, -latency);
    if (latencies.length < maxSamples) latencies.push(latency + clockOffset);
  }

  function startLive(): void {
    if (past) seconds = secondsOf(past);
    past = null;
    isLive = true;
  }

  function endSecond(): void {
    if (past) return;
    latencies.sort((one, other) => one - other);
    const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? null;
    const time = Math.floor(Date.now() / 1_000);
    seconds.push({ time, events: count, median: quantile(0.5), p95: quantile(0.95), roundTrip: client.roundTripMs });
    seconds = seconds.slice(-secondsKept);
    count = 0;
    latencies = [];
  }

  return createStore<Activity>({
    read: () => ({
      times: seconds.map(({ time }) => time),
      events: seconds.map(({ events }) => events),
      medianLatency: seconds.map(({ median }) => median),
      p95Latency: seconds.map(({ p95 }) => p95),
      roundTrip: seconds.map(({ roundTrip }) => roundTrip),
    }),
    watch(changed) {
      const cancel = client.monitoring.subscribe("*", past ? { recent: initialEvents } : {}, countEvent, {
        live: startLive,
      });
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

/** The first second is left out, since it may be incomplete. */
function secondsOf(counts: ReadonlyMap<number, number>): Second[] {
  const now = Math.floor(Date.now() / 1_000);
  const first = Math.max(Math.min(now, ...counts.keys()) + 1, now - secondsKept);
  return Array.from({ length: Math.max(0, now - first) }, (_, place) => ({
    time: first + place,
    events: counts.get(first + place) ?? 0,
    median: null,
    p95: null,
    roundTrip: null,
  }));
}

export const activityOf = storesOf(createActivity);

export function useActivity(): Activity {
  return useStore(activityOf(useClient(), ""));
}
