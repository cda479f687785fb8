import type { Position } from "../../shared/position.ts";
import type { Findings } from "./checker.ts";
import type { Identity } from "./link.ts";
import type { Truth } from "./truth.ts";

/** The topic of those who watch. */
export const everything = "*";

/** What a log is to a reader: a room of its own, or everything that is watched. */
export const trackOf = ({ room }: Pick<Truth, "room">) => (room === "monitoring" ? everything : room);

/** A room as a reader knows it. */
export interface ReadRoom {
  room: string;
  /** What the reader has seen everything up to. */
  position: Position | undefined;
  live: boolean;
}

/** One who follows rooms through everything that happens, and whose notes are checked in the end. */
export interface Reader {
  readonly name: string;
  readonly identity: Identity;
  readonly tracks: readonly ReadRoom[];
  /** Events that were told. */
  readonly deliveries: number;
  /** How often the server has ended a connection, by its reason. */
  readonly endings: ReadonlyMap<string, number>;
  readonly isLive: boolean;
  /** The server knows that it is there: over HTTP it does not. */
  readonly isPresent: boolean;

  start(): void;
  /** For good; `abrupt` without a word to the server. */
  stop(abrupt: boolean): void;
  /** Goes to an instance at random, perhaps the same. */
  move(): void;
  /** Is gone for so long, milliseconds. */
  stayAway(ms: number): void;
  /** Ends its absence, if it is away. */
  comeBack(): void;
  /** Loses its connection, as a network does. */
  lose(): void;
  leaveAndReturn(): void | Promise<void>;
  /** Compares what it saw of a log with the log. Returns how often it was told that history was gone. */
  check(truth: Truth, stayed: boolean, found: Findings): number;
}
