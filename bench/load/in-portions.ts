/** How many are under way at a time. */
const atOnce = 32;

/** Runs for all of them, always so many at a time. */
export async function inPortions<T, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
  width = atOnce,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      const item = items[index];
      if (item !== undefined) results[index] = await run(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
  return results;
}
