import type { ReplyError } from "../../shared/reply.ts";

/** An entry that another program wrote to the stream. */
export interface IngestEntry {
  /** The entry's id in the Redis stream. */
  id: string;
  /** Absent if the entry was deleted from the stream after it had been read once. */
  fields: Record<string, string> | undefined;
}

/** The result of an entry: published, or rejected with a reason. */
export type Outcome = { entry: IngestEntry; rejected?: ReplyError };

/**
 * The stream that other programs write events to. Only one instance reads it at a time, so that entries are published
 * in order. It holds a lease that each read renews. After {@link readerLeaseMs} without a read another instance takes
 * over, and begins with the entries that are not settled.
 *
 * Every method rejects with `Rejection("unavailable")` when the store is unreachable.
 */
export interface IngestStream {
  /** The oldest entries that are not settled, or `undefined` while another instance has the lease. */
  take(limit: number): Promise<IngestEntry[] | undefined>;
  /** Removes the entries, and copies the rejected ones to the stream of rejected entries. Idempotent. */
  settle(outcomes: readonly Outcome[]): Promise<void>;
  /** Gives the lease up. */
  release(): Promise<void>;
}

export const readerLeaseMs = 5_000;
/** The number of rejected entries that are kept. */
export const rejectedKept = 10_000;
