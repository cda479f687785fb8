/**
 * The smallest `limit` texts that are greater than `after`, sorted. Visits each text once and sorts only the result: a
 * page out of tens of thousands of texts takes a millisecond.
 */
export function smallestAfter(texts: Iterable<string>, after: string | undefined, limit: number): string[] {
  const found: string[] = [];
  for (const text of texts) {
    if (after !== undefined && text <= after) continue;
    const last = found[limit - 1];
    if (last !== undefined && text >= last) continue;
    found.splice(placeOf(text, found), 0, text);
    if (found.length > limit) found.pop();
  }
  return found;
}

function placeOf(text: string, sorted: readonly string[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
