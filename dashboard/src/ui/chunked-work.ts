/** Work that may be paused at each `yield`. The parts between are short, below a millisecond. */
export type Chunked<Result> = Generator<undefined, Result>;

/** Maximum length of a task, milliseconds: unnoticeable even on a processor four times as slow. */
const sliceMs = 8;
/** Items per chunk. */
const chunkSize = 256;

interface ChunkedWork<Result> {
  /** Schedules work after the current one, which always finishes; replaces work that has not started. */
  schedule(work: () => Chunked<Result>): void;
  stop(): void;
}

/** Runs work in short tasks, and calls `done` with each result. */
export function createChunkedWork<Result>(done: (result: Result) => void): ChunkedWork<Result> {
  let current: Chunked<Result> | undefined;
  let next: (() => Chunked<Result>) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function run(): void {
    if (!current) {
      current = next?.();
      next = undefined;
    }
    const until = performance.now() + sliceMs;
    let step = current?.next();
    while (step && !step.done && performance.now() < until) step = current?.next();
    if (step?.done) {
      current = undefined;
      done(step.value);
    }
    timer = current || next ? setTimeout(run) : undefined;
  }

  return {
    schedule(work) {
      next = work;
      timer ??= setTimeout(run);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      current = undefined;
      next = undefined;
    },
  };
}

/** Maps and filters: items for which `map` returns `undefined` are dropped. */
export function* mapInChunks<Item, Mapped>(
  items: readonly Item[],
  map: (item: Item) => Mapped | undefined,
): Chunked<Mapped[]> {
  const results: Mapped[] = [];
  for (let from = 0; from < items.length; from += chunkSize) {
    for (const item of items.slice(from, from + chunkSize)) {
      const result = map(item);
      if (result !== undefined) results.push(result);
    }
    yield;
  }
  return results;
}

/** Stable sort. */
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
