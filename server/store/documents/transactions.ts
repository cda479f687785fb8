import type { Envelope } from "../../../shared/envelope.ts";
import type { Position } from "../../../shared/position.ts";
import type { PutOptions, TransactionalKind } from "./documents.ts";

/** A document to write. */
export interface DocumentChange {
  kind: TransactionalKind;
  id: string;
  /** JSON. */
  value: unknown;
  /** The version that was read; 0: the document must not exist. */
  expected: number;
  options?: PutOptions;
}

export interface Transaction {
  /** At least one, none of them twice. May include a document with an unchanged value, to have its version checked. */
  documents: readonly DocumentChange[];
  /** Events for the log `monitoring`, appended at consecutive offsets in this order. May be empty. */
  events: readonly Envelope[];
}

/**
 * Writes documents and appends events in one atomic step. Of two transactions that have read the same version of a
 * document, one succeeds. Sets the activity of each document.
 */
export interface Transactions {
  /**
   * Resolves with the position of each event, or with `undefined` if a document does not have the expected version.
   * Nothing was changed then; the caller reads the documents again and decides again.
   * Rejects with `Rejection("unavailable")` when the store is unreachable.
   */
  commit(transaction: Transaction): Promise<Position[] | undefined>;
}
