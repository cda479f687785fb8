import type { Envelope } from "../../../shared/envelope.ts";
import type { Position } from "../../../shared/position.ts";
import type { PutOptions, TransactionalKind } from "./documents.ts";

/** A document as it is to be afterwards. */
export interface DocumentChange {
  kind: TransactionalKind;
  id: string;
  /** JSON. */
  value: unknown;
  /** The version that was read; 0: there must be no such document. */
  expected: number;
  options?: PutOptions;
}

export interface Transaction {
  /** At least one, none of them twice. One whose value stays the same may stand here for its version to be checked. */
  documents: readonly DocumentChange[];
  /** For the log `monitoring`, in this order, one right after the other. May be empty. */
  events: readonly Envelope[];
}

/**
 * Changes documents and appends events in one atomic step: whoever sees the one will see the other, and of two who
 * have read the same version one wins. Marks activity on each document.
 */
export interface Transactions {
  /**
   * Resolves with the position of each event; with `undefined`, and nothing has changed, if a document has not the
   * version that was expected. Then read again and decide anew.
   * Rejects with `Rejection("unavailable")` when the store is out of reach, and then nothing has changed.
   */
  commit(transaction: Transaction): Promise<Position[] | undefined>;
}
