import type { Versioned } from "../store/documents/documents.ts";

const rememberedMax = 500;

/**
 * Documents as this instance wrote them last: a guess of what they are now, which saves reading them where nobody else
 * writes. A commit tells whether it was right; nothing may be refused because of it.
 */
export class VersionCache<Id, Value> {
  readonly #known = new Map<Id, Versioned<Value>>();

  get(id: Id): Versioned<Value> | undefined {
    return this.#known.get(id);
  }

  set(id: Id, value: Value, version: number): void {
    this.#known.delete(id);
    this.#known.set(id, { value, version });
    if (this.#known.size <= rememberedMax) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  /** What somebody has read; it may be older than what is known. */
  putIfNewer(id: Id, { value, version }: Versioned<Value>): void {
    if ((this.#known.get(id)?.version ?? 0) < version) this.set(id, value, version);
  }

  delete(id: Id): void {
    this.#known.delete(id);
  }
}
