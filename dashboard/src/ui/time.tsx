import { useSyncExternalStore } from "react";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

const steps = [
  { unit: "day", ms: 86_400_000 },
  { unit: "hour", ms: 3_600_000 },
  { unit: "minute", ms: 60_000 },
  { unit: "second", ms: 1_000 },
] as const;

/** The time of the day, and in full where one asks for it. */
export function ClockTime({ at }: { at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={whole.format(date)}>
      {clock.format(date)}
    </time>
  );
}

/** What the server says in words, with its times as they are read here. */
export function localizeTimes(words: string): string {
  return words.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (at) => {
    const date = new Date(at);
    return (date.toDateString() === new Date().toDateString() ? clock : whole).format(date);
  });
}

/** The time as it was when it was last looked at, for all that say how long ago something was. */
let lookedAt = Date.now();
const lookers = new Set<() => void>();
let looking: ReturnType<typeof setInterval> | undefined;

function look(): void {
  lookedAt = Date.now();
  for (const looker of [...lookers]) looker();
}

function subscribe(looker: () => void): () => void {
  if (lookers.size === 0) {
    lookedAt = Date.now();
    looking = setInterval(look, 10_000);
  }
  lookers.add(looker);
  return () => {
    lookers.delete(looker);
    if (lookers.size === 0) clearInterval(looking);
  };
}

const lastLook = () => lookedAt;

/** How long ago, kept true. */
export function RelativeTime({ at }: { at: string }) {
  const now = useSyncExternalStore(subscribe, lastLook);
  return (
    <time dateTime={at} title={whole.format(new Date(at))}>
      {formatRelativeTime(Date.parse(at) - Math.max(now, Date.parse(at)))}
    </time>
  );
}

export function formatRelativeTime(ms: number): string {
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
