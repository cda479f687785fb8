/** Work that is done piece by piece: at each `yield` it may rest. Pieces are short, below a millisecond. */
export type Chunked<Result> = Generator<undefined, Result>;

/** A task of the page goes on for so long; four times slower that is still far from what anybody notices. */
const sliceMs = 8;
/** So many things between two rests. */
const chunkSize = 256;

export interface ChunkedWork<Result> {
  /** Does this next. What is under way is brought to its end first, or nothing ever would be; what waits is replaced. */
  take(work: () => Chunked<Result>): void;
  stop(): void;
}

/** Does what it is given in portions, each in a task of its own, and tells what comes of it. */
export function createChunkedWork<Result>(done: (result: Result) => void): ChunkedWork<Result> {
  let current: Chunked<Result> | undefined;
  let waiting: (() => Chunked<Result>) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function goOn(): void {
    if (!current) {
      current = waiting?.();
      waiting = undefined;
    }
    const until = performance.now() + sliceMs;
    let piece = current?.next();
    while (piece && !piece.done && performance.now() < until) piece = current?.next();
    if (piece?.done) {
      current = undefined;
      done(piece.value);
    }
    timer = current || waiting ? setTimeout(goOn) : undefined;
  }

  return {
    take(work) {
      waiting = work;
      timer ??= setTimeout(goOn);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      current = undefined;
      waiting = undefined;
    },
  };
}

/** What `each` makes of every item; `undefined` leaves it out. */
export function* mapInChunks<Item, Made>(
  items: readonly Item[],
  each: (item: Item) => Made | undefined,
): Chunked<Made[]> {
  const made: Made[] = [];
  for (let from = 0; from < items.length; from += chunkSize) {
    for (const item of items.slice(from, from + chunkSize)) {
      const one = each(item);
      if (one !== undefined) made.push(one);
    }
    yield;
  }
  return made;
}

/** The items in order; equal ones stay as they stood. */
export function* sortInChunks<Item>(items: Item[], compare: (one: Item, other: Item) => number): Chunked<Item[]> {
  if (items.length <= chunkSize) {
    yield;
    return items.sort(compare);
  }
  const middle = items.length >> 1;
  const left = yield* sortInChunks(items.slice(0, middle), compare);
  const right = yield* sortInChunks(items.slice(middle), compare);
  return yield* merge(left, right, compare);
}

function* merge<Item>(left: Item[], right: Item[], compare: (one: Item, other: Item) => number): Chunked<Item[]> {
  const merged: Item[] = [];
  let taken = 0;
  for (const item of left) {
    for (let next = right[taken]; next !== undefined && compare(next, item) < 0; next = right[++taken]) {
      if (merged.push(next) % chunkSize === 0) yield;
    }
    if (merged.push(item) % chunkSize === 0) yield;
  }
  return merged.concat(right.slice(taken));
}
