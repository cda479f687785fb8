/** Splits an array into batches of at most `size` items. */
export function* batchesOf<T>(all: readonly T[], size: number): Iterable<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
