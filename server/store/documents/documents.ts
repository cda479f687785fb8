/** A kind of document: its key space. */
export type DocumentKind =
  | "conversation"
  | "read-position"
  | "response"
  | "revocation"
  | "kick"
  | "login"
  | TransactionalKind;

/** The kinds that are written together with the events about them; see `Transactions`. */
export const transactionalKinds = ["task", "stream", "checkpoint", "agent", "dispatch"] as const;

export type TransactionalKind = (typeof transactionalKinds)[number];

export interface Versioned<T> {
  value: T;
  /** 1 for a new document, and one more with each change. */
  version: number;
}

export interface DocumentPage<T> {
  items: Versioned<T>[];
  /** The cursor of the next page; `null` on the last page. */
  nextCursor: string | null;
}

export interface PutOptions {
  /** The indexes under which `list` finds the document. Replaces the earlier ones. Default: unchanged. */
  indexes?: string[];
  /** Milliseconds until the document expires. Default: never. */
  ttlMs?: number;
}

/**
 * Versioned JSON documents with secondary indexes.
 *
 * - A document is changed by compare-and-set: of two writers that read the same version, one succeeds.
 * - Values are copies: to change a value that was read does not change the document.
 * - Every method rejects with `Rejection("unavailable")` when the store is unreachable.
 */
export interface Documents {
  get<T>(kind: DocumentKind, id: string): Promise<Versioned<T> | undefined>;

  /** The documents in the order of `ids`. */
  getMany<T>(kind: DocumentKind, ids: string[]): Promise<(Versioned<T> | undefined)[]>;

  /**
   * Writes the document if its version is still `expected` (0: the document must not exist).
   * If not, resolves with `false` and changes nothing.
   */
  put<T>(kind: DocumentKind, id: string, value: T, expected: number, options?: PutOptions): Promise<boolean>;

  /** Sets the time of the latest activity (by the store's clock), by which `list` sorts. Does nothing if the document does not exist. */
  touch(kind: DocumentKind, id: string, at: number): Promise<void>;

  /**
   * The documents of an index, latest activity first, at most `limit`.
   * Rejects with `Rejection("invalid_payload")` for an invalid cursor.
   */
  list<T>(kind: DocumentKind, index: string, limit: number, cursor?: string): Promise<DocumentPage<T>>;
}
