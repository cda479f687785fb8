/** A kind of document: its key space. */
export type DocumentKind = "conversation" | "read-position" | "response" | "revocation" | "login" | TransactionalKind;

/** Those that change together with what is told about them: see `Transactions`. */
export const transactionalKinds = ["task", "stream", "checkpoint", "agent", "dispatch"] as const;

export type TransactionalKind = (typeof transactionalKinds)[number];

export interface Versioned<T> {
  value: T;
  /** Counts the changes of this document from 1. */
  version: number;
}

export interface DocumentPage<T> {
  items: Versioned<T>[];
  /** For the page after this one; `null` on the last. */
  nextCursor: string | null;
}

export interface PutOptions {
  /** Names under which `list` finds the document. Replaces those of before. */
  indexes?: string[];
  /** Milliseconds from now after which the document is gone. Default: never. */
  ttlMs?: number;
}

/**
 * Versioned JSON documents with secondary indexes.
 *
 * - A document is changed by compare-and-set: of two writers who read the same version, one wins.
 * - Values are copies: changing one that was read changes nothing here.
 * - Every method rejects with `Rejection("unavailable")` when the store is out of reach.
 */
export interface Documents {
  get<T>(kind: DocumentKind, id: string): Promise<Versioned<T> | undefined>;

  /** In the order of `ids`. */
  getMany<T>(kind: DocumentKind, ids: string[]): Promise<(Versioned<T> | undefined)[]>;

  /**
   * Writes the document if its version is still `expected` (0: there must be none).
   * Resolves with `false`, and changes nothing, if it is not.
   */
  put<T>(kind: DocumentKind, id: string, value: T, expected: number, options?: PutOptions): Promise<boolean>;

  /** Marks activity: `list` gives the document touched last first. A document that does not exist is left alone. */
  touch(kind: DocumentKind, id: string, at: number): Promise<void>;

  /**
   * The documents of an index, latest activity first, at most `limit`.
   * Rejects with `Rejection("invalid_payload")` for a cursor that is not one of its own.
   */
  list<T>(kind: DocumentKind, index: string, limit: number, cursor?: string): Promise<DocumentPage<T>>;
}
