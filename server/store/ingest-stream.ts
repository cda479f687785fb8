import type { ReplyError } from "../../shared/reply.ts";

/** What another program wrote. */
export interface IngestEntry {
  /** Its place in the stream. */
  id: string;
  /** Absent when it was deleted after it had been taken. */
  fields: Record<string, string> | undefined;
}

/** What became of an entry. */
export type Outcome = { entry: IngestEntry; rejected?: ReplyError };

/**
 * The stream that other programs write events to. One instance reads it at a time, so that what comes first is
 * published first; the next one takes over, with what was not settled, when nothing has been heard of it for
 * {@link readerLeaseMs}.
 *
 * Every method rejects with `Rejection("unavailable")` when the store is out of reach.
 */
export interface IngestStream {
  /** The oldest entries that are not settled; `undefined` while another instance reads. */
  take(limit: number): Promise<IngestEntry[] | undefined>;
  /** Removes the entries, and keeps those that were rejected with the reason. The same again changes nothing. */
  settle(outcomes: readonly Outcome[]): Promise<void>;
  /** Lets another instance read. */
  release(): Promise<void>;
}

export const readerLeaseMs = 5_000;
/** How many rejected entries are kept. */
export const rejectedKept = 10_000;
