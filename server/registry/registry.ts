import type { Namespace } from "../../shared/namespace.ts";

/** Connections by the namespace that they count in. */
export type ConnectionCounts = Record<Namespace, number>;

/**
 * Which instances there are, and what they carry. Each says so itself, every two seconds; one that has not for six is
 * left out. Nothing is decided by it: it is for people and platforms to look at.
 */
export interface Registry {
  report(counts: ConnectionCounts): Promise<void>;
  /** Of all instances that are up. Rejects with `Rejection("unavailable")` when the store is out of reach. */
  all(): Promise<ConnectionCounts[]>;
  /** Says that this instance is gone. */
  leave(): Promise<void>;
}

export const reportEveryMs = 2_000;
export const reportLastsMs = 6_000;
