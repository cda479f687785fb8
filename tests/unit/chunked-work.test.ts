import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { type Chunked, createChunkedWork, mapInChunks, sortInChunks } from "../../dashboard/src/ui/chunked-work.ts";
import { Random } from "../support/random.ts";

/** How often it rests, and what comes of it. */
function counted<Result>(work: Chunked<Result>): { rests: number; result: Result } {
  for (let rests = 0; ; rests++) {
    const piece = work.next();
    if (piece.done) return { rests, result: piece.value };
  }
}

describe("work in portions", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it("VIEW-9 it sorts thousands of items as the language does, with pauses", () => {
    const random = new Random(7);
    const rows = Array.from({ length: 10_000 }, (_, place) => ({ key: random.between(1, 50), place }));
    const byKey = (one: { key: number }, other: { key: number }) => one.key - other.key;

    const { rests, result } = counted(sortInChunks(rows, byKey));

    expect(result).toEqual(rows.toSorted(byKey));
    expect(rests).toBeGreaterThan(100);
  });

  it("VIEW-9 it maps thousands of items, and omits those without a result", () => {
    const numbers = Array.from({ length: 10_000 }, (_, number) => number);

    const { rests, result } = counted(mapInChunks(numbers, (number) => (number % 2 === 0 ? number / 2 : undefined)));

    expect(result).toEqual(numbers.slice(0, 5_000));
    expect(rests).toBeGreaterThan(30);
  });

  it("VIEW-9 it finishes the current run, then does the newest of those requested meanwhile, and then rests", () => {
    const done: string[] = [];
    const work = createChunkedWork<string>((name) => void done.push(name));
    function* named(name: string, whileAtIt = () => {}): Chunked<string> {
      yield;
      whileAtIt();
      yield;
      return name;
    }

    work.schedule(() => named("replaced before it began"));
    work.schedule(() =>
      named("first", () => {
        work.schedule(() => named("replaced while it waited"));
        work.schedule(() => named("last"));
      }),
    );
    jest.runAllTimers();

    expect(done).toEqual(["first", "last"]);
  });
});
