import { describe, expect, it } from "@jest/globals";
import { type LogReads, shareReads } from "../../server/resume/share-reads.ts";
import type { LogBounds } from "../../server/store/log/event-log.ts";
import type { LogName } from "../../shared/room.ts";
import { nextTurn } from "../support/within.ts";

const name = "conversation:42" as LogName;

/** A log whose answers are given by hand. */
function slowLog() {
  const asked: { answer(last: number): void; fail(): void }[] = [];
  const log: LogReads = {
    bounds: () =>
      new Promise<LogBounds>((resolve, reject) => {
        asked.push({
          answer: (last) => resolve({ epoch: "e", first: 1, last }),
          fail: () => reject(new Error("away")),
        });
      }),
    read: async () => ({ bounds: { epoch: "e", first: 1, last: 0 }, events: [] }),
    readBack: async () => ({ bounds: { epoch: "e", first: 1, last: 0 }, events: [] }),
  };
  return { log, asked };
}

describe("shared reads of a log", () => {
  it("FEED-7 concurrent reads are two: one for the first caller, and one for all that came while it was under way", async () => {
    const { log, asked } = slowLog();
    const shared = shareReads(log);

    const first = shared.bounds(name);
    const others = Array.from({ length: 100 }, () => shared.bounds(name));
    const atOnce = asked.length;
    asked[0]?.answer(1);
    await first;
    await nextTurn();
    asked[1]?.answer(2);

    expect(atOnce).toBe(1);
    expect((await first).last).toBe(1);
    expect((await Promise.all(others)).map(({ last }) => last)).toEqual(Array(100).fill(2));
    expect(asked).toHaveLength(2);
  });

  it("FEED-7 a read that has ended is not shared, and its failure affects no later caller", async () => {
    const { log, asked } = slowLog();
    const shared = shareReads(log);

    const first = shared.bounds(name);
    const second = shared.bounds(name);
    asked[0]?.fail();
    await expect(first).rejects.toThrow("away");
    await nextTurn();
    asked[1]?.answer(5);
    expect((await second).last).toBe(5);
    const third = shared.bounds(name);
    asked[2]?.answer(6);

    expect((await third).last).toBe(6);
    expect(asked).toHaveLength(3);
  });
});
