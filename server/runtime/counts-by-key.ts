/** Counts by key. A key whose count is 0 is not in the map. */
export class CountsByKey<Key> extends Map<Key, number> {
  /** Returns the new count. */
  increment(key: Key): number {
    const count = (this.get(key) ?? 0) + 1;
    this.set(key, count);
    return count;
  }

  /** Returns the new count. */
  decrement(key: Key): number {
    const count = (this.get(key) ?? 0) - 1;
    if (count > 0) this.set(key, count);
    else this.delete(key);
    return Math.max(0, count);
  }
}
