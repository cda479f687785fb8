const capacity = 2_000;

/** Returns whether an id is seen for the first time, among the most recent ones. */
export function createDeduplicator(): (id: string) => boolean {
  const ids = new Set<string>();
  return (id) => {
    if (ids.has(id)) return false;
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > capacity && oldest !== undefined) ids.delete(oldest);
    return true;
  };
}
