import { LRUCache } from "lru-cache";
import type { Versioned } from "../store/documents/documents.ts";

/**
 * Documents as this instance wrote them last: a guess that saves reading them where no other instance writes. A commit
 * shows whether it was right; nothing may be refused because of it.
 */
export class VersionCache<Id extends string, Value> {
  readonly #known = new LRUCache<Id, Versioned<Value>>({ max: 500 });

  get(id: Id): Versioned<Value> | undefined {
    return this.#known.get(id);
  }

  set(id: Id, value: Value, version: number): void {
    this.#known.set(id, { value, version });
  }

  /** A document that was read, which may be older than the one in the cache. */
  putIfNewer(id: Id, { value, version }: Versioned<Value>): void {
    if ((this.#known.get(id)?.version ?? 0) < version) this.set(id, value, version);
  }

  delete(id: Id): void {
    this.#known.delete(id);
  }
}
