import { SetsByKey } from "../../runtime/sets-by-key.ts";
import type { StoreTime } from "../store-time.ts";
import { activityCursor, restByActivity } from "./by-activity.ts";
import type { DocumentKind, DocumentPage, Documents, Versioned } from "./documents.ts";

interface Stored {
  id: string;
  /** JSON, so that values are copied when they are written and when they are read. */
  json: string;
  version: number;
  at: number;
  indexes: readonly string[];
  expiresAt: number;
}

/** The number of puts after which expired documents are removed. */
const putsPerSweep = 1_000;

/** Documents whose methods take effect synchronously, before the returned promise resolves. */
export interface MemoryDocuments extends Documents {
  /** The version of a document; 0 if it does not exist. */
  versionOf(kind: DocumentKind, id: string): number;
}

/** Keeps the documents in the memory of this process. */
export function createMemoryDocuments({ time }: { time: StoreTime }): MemoryDocuments {
  const kinds = new Map<DocumentKind, Map<string, Stored>>();
  const indexes = new SetsByKey<string, Stored>();
  let puts = 0;

  const documentsOf = (kind: DocumentKind) => {
    const found = kinds.get(kind) ?? new Map<string, Stored>();
    kinds.set(kind, found);
    return found;
  };
  const indexKey = (kind: DocumentKind, index: string) => `${kind}/${index}`;

  function find(kind: DocumentKind, id: string): Stored | undefined {
    const stored = documentsOf(kind).get(id);
    if (!stored || stored.expiresAt > time.now()) return stored;
    remove(kind, stored);
    return undefined;
  }

  function unindex(kind: DocumentKind, stored: Stored): void {
    for (const index of stored.indexes) indexes.removeFrom(indexKey(kind, index), stored);
  }

  function remove(kind: DocumentKind, stored: Stored): void {
    documentsOf(kind).delete(stored.id);
    unindex(kind, stored);
  }

  function sweep(): void {
    for (const kind of kinds.keys()) for (const id of documentsOf(kind).keys()) find(kind, id);
  }

  const read = <T>(stored: Stored): Versioned<T> => ({ value: JSON.parse(stored.json) as T, version: stored.version });

  const get = async <T>(kind: DocumentKind, id: string): Promise<Versioned<T> | undefined> => {
    const stored = find(kind, id);
    return stored && read<T>(stored);
  };

  const versionOf = (kind: DocumentKind, id: string) => find(kind, id)?.version ?? 0;

  return {
    get,
    versionOf,

    getMany: <T>(kind: DocumentKind, ids: string[]) => Promise.all(ids.map((id) => get<T>(kind, id))),

    async put(kind, id, value, expected, options = {}) {
      if (++puts % putsPerSweep === 0) sweep();
      const before = find(kind, id);
      if (versionOf(kind, id) !== expected) return false;
      if (before) unindex(kind, before);

      const stored: Stored = {
        id,
        json: JSON.stringify(value),
        version: expected + 1,
        at: before?.at ?? time.now(),
        indexes: options.indexes ?? before?.indexes ?? [],
        expiresAt: options.ttlMs === undefined ? Number.POSITIVE_INFINITY : time.now() + options.ttlMs,
      };
      documentsOf(kind).set(id, stored);
      for (const index of stored.indexes) indexes.addTo(indexKey(kind, index), stored);
      return true;
    },

    async touch(kind, id, at) {
      const stored = find(kind, id);
      if (stored) stored.at = Math.max(stored.at, at);
    },

    async list<T>(kind: DocumentKind, index: string, limit: number, cursor?: string): Promise<DocumentPage<T>> {
      const all = [...(indexes.get(indexKey(kind, index)) ?? [])].filter(({ expiresAt }) => expiresAt > time.now());
      const rest = restByActivity(all, cursor);
      const items = rest.slice(0, limit).map((stored) => read<T>(stored));
      return { items, nextCursor: activityCursor(rest, limit) };
    },
  };
}
