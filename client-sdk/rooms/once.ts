const remembered = 2_000;

/** Says of an id whether it is new; the latest are remembered. */
export function createOnce(): (id: string) => boolean {
  const ids = new Set<string>();
  return (id) => {
    if (ids.has(id)) return false;
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > remembered && oldest !== undefined) ids.delete(oldest);
    return true;
  };
}
