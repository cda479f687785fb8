import type { Figures, Load } from "./run/measure.ts";
import type { PeerName } from "./run/peers.ts";

/** A server under a load. */
interface Subject {
  peer: PeerName;
  load: Load;
  environment?: Record<string, string>;
}

/** Medians, by the names of the subjects. */
export type Measured = Record<string, Figures>;

export interface Check {
  what: string;
  /** What is compared with the bar. */
  value(measured: Measured): number;
  bar: { atLeast: number } | { atMost: number };
  unit: string;
}

export interface Scenario {
  name: string;
  title: string;
  /** Measured in turn, as often as there are repetitions. */
  subjects: Record<string, Subject>;
  checks: readonly Check[];
  /** Part of `--quick`. */
  quick?: boolean;
  /** In the short table of docs/PERFORMANCE.md even when it reaches all its bars. */
  headline?: boolean;
}

const times = { warmupSeconds: 2, seconds: 5 };
/** Where the slowest of a hundred counts, and there are few of them a second. */
export const steady = { warmupSeconds: 5, seconds: 15 };
/** With its envelope a message of 150 characters is what others call a payload of 200 bytes. */
const payloadBytes = 150;

export const fanOut = (shape: Record<string, number>): Load => ({ load: "fan-out", payloadBytes, ...times, ...shape });

export const publishing = (shape: Record<string, number>): Load => ({
  load: "publish",
  publishers: 40,
  rooms: 4,
  payloadBytes,
  ...times,
  ...shape,
});

/** How often a figure of ours goes into that of the other. */
export const ratio = (figure: string) => (measured: Measured) =>
  (measured.ours?.[figure] ?? Number.NaN) / (measured.theirs?.[figure] ?? Number.NaN);
export const own = (figure: string) => (measured: Measured) => measured.ours?.[figure] ?? Number.NaN;

/** The same load on both. */
export const against = (ours: PeerName, theirs: PeerName, load: Load): Record<string, Subject> => ({
  ours: { peer: ours, load },
  theirs: { peer: theirs, load },
});

export const deliveries = (atLeast: number): Check => ({
  what: "deliveries/s",
  value: ratio("deliveriesPerSecond"),
  bar: { atLeast },
  unit: "×",
});

/** The same in work and not in time: what holds too where the cores are not ours alone. */
export const work = (times: number): Check => ({
  what: "CPU per delivery",
  value: ratio("cpuMicrosPerDelivery"),
  bar: { atMost: Math.round(100 / times) / 100 },
  unit: "×",
});

export const complete: Check = { what: "not delivered", value: own("missing"), bar: { atMost: 0 }, unit: "" };
