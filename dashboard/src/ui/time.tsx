import { useSyncExternalStore } from "react";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

const steps = [
  { unit: "day", ms: 86_400_000 },
  { unit: "hour", ms: 3_600_000 },
  { unit: "minute", ms: 60_000 },
  { unit: "second", ms: 1_000 },
] as const;

/** The time of day, with the full date as its tooltip. */
export function ClockTime({ at }: { at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={full.format(date)}>
      {clock.format(date)}
    </time>
  );
}

/** Replaces UTC timestamps in a server message by local times. */
export function localizeTimes(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (at) => {
    const date = new Date(at);
    return (date.toDateString() === new Date().toDateString() ? clock : full).format(date);
  });
}

/** A clock with one timer, shared by all relative times. */
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  now = Date.now();
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = setInterval(tick, 10_000);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

const getNow = () => now;

/** A relative time, such as `5 min. ago`, updated every 10 s. */
export function RelativeTime({ at }: { at: string }) {
  const current = useSyncExternalStore(subscribe, getNow);
  return (
    <time dateTime={at} title={full.format(new Date(at))}>
      {formatRelativeTime(Date.parse(at) - Math.max(current, Date.parse(at)))}
    </time>
  );
}

function formatRelativeTime(ms: number): string {
  const step = steps.find((other) => Math.abs(ms) >= other.ms);
  return step ? relative.format(Math.round(ms / step.ms), step.unit) : "now";
}

/** `1.2 s`, `3 min 20 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
