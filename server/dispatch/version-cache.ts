import { LRUCache } from "lru-cache";
import type { Versioned } from "../store/documents/documents.ts";

/**
 * Documents as this instance last wrote them, which saves a read before each write while no other instance writes them.
 * An entry may be stale: the commit finds out by its version. So nothing may be refused because of an entry.
 */
export class VersionCache<Id extends string, Value> {
  readonly #known = new LRUCache<Id, Versioned<Value>>({ max: 500 });

  get(id: Id): Versioned<Value> | undefined {
    return this.#known.get(id);
  }

  set(id: Id, value: Value, version: number): void {
    this.#known.set(id, { value, version });
  }

  /** Caches a document that was read, unless the cache has a newer version. */
  putIfNewer(id: Id, { value, version }: Versioned<Value>): void {
    if ((this.#known.get(id)?.version ?? 0) < version) this.set(id, value, version);
  }

  delete(id: Id): void {
    this.#known.delete(id);
  }
}
