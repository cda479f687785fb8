import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { DeltaRollup } from "../../server/conversations/delta-rollup.ts";
import { createMemoryBroadcast } from "../../server/deliver/memory-broadcast.ts";
import { createPublisher } from "../../server/publish/publisher.ts";
import { isDelta } from "../../server/resume/compact.ts";
import { createMemoryEventLog } from "../../server/store/log/memory-event-log.ts";
import type { ResponseId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { logOfRoom } from "../../shared/room.ts";
import { uniqueRoom } from "../support/envelopes.ts";
import { type AppendFault, FaultyEventLog } from "../support/faulty-event-log.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { withSeeds } from "../support/random.ts";

const eventsPerSecond = 25;

/** A log whose appends take their time, and are noted by when they began. */
class SlowLog extends FaultyEventLog {
  takesMs = 0;
  readonly begun: number[] = [];

  override async append(...args: Parameters<FaultyEventLog["append"]>): ReturnType<FaultyEventLog["append"]> {
    this.begun.push(performance.now());
    if (this.takesMs > 0) await new Promise((resolve) => setTimeout(resolve, this.takesMs));
    return super.append(...args);
  }
}

/** The response `r-1`, on its way into a log. */
function startResponse({ nextIndex = 0 } = {}) {
  const clock = new ManualClock();
  const log = new SlowLog(createMemoryEventLog({ time: clock, maxEvents: 10_000, ttlSeconds: 3_600 }));
  const room = uniqueRoom();
  const failures: unknown[] = [];
  let writers = 0;
  const write = (from: number) =>
    new DeltaRollup({
      writer: ++writers,
      publisher: createPublisher({ log, broadcast: createMemoryBroadcast(), clock }),
      room,
      sender: { userId: "bot" as UserId, name: null, agentId: null },
      responseId: "r-1" as ResponseId,
      inReplyTo: undefined,
      nextIndex: from,
      failed: (error) => failures.push(error),
    });
  const rollup = write(nextIndex);
  /** The parts in the log. */
  async function parts() {
    const { events } = await log.read(logOfRoom(room), 0, 10_000);
    return events.filter(isDelta).map(({ data }) => data);
  }
  return { rollup, write, log, failures, parts };
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);
const textOf = (parts: readonly { delta: string }[]) => parts.map(({ delta }) => delta).join("");

/** How many of these moments the fullest second has. */
function mostInASecond(moments: readonly number[]): number {
  return Math.max(0, ...moments.map((from) => moments.filter((at) => at >= from && at < from + 1_000).length));
}

describe("delta rollup", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it("STREAM-1 the first delta is published at once", async () => {
    const { rollup, parts } = startResponse();

    await rollup.add("Hello");
    await pass(0);

    expect(await parts()).toEqual([{ responseId: "r-1", index: 0, delta: "Hello" }]);
    await rollup.end();
  });

  it("STREAM-1 deltas within 40 ms are published as one", async () => {
    const { rollup, parts } = startResponse();

    for (const piece of ["a", "b", "c", "d"]) await rollup.add(piece);
    await pass(39);
    const early = textOf(await parts());
    await pass(2);

    expect(early).toBe("a");
    expect((await parts()).map(({ delta }) => delta)).toEqual(["a", "bcd"]);
    await rollup.end();
  });

  it("STREAM-1 deltas arrive complete and in order, numbered from 0, in at most 25 events a second, in any rhythm", async () => {
    await withSeeds(40, async (random) => {
      const { rollup, log, parts } = startResponse();
      const pieces = numbers(random.between(50, 300)).map((number) => `${number} `);
      log.takesMs = random.pick([0, 1, 10, 39, 40, 41, 100]);
      const longest = random.pick([0, 1, 8, 60]);

      for (const piece of pieces) {
        await rollup.add(piece);
        await pass(random.next() * longest);
      }
      await pass(1_000);
      const begun = [...log.begun];
      await rollup.end();

      const written = await parts();
      expect(textOf(written)).toBe(pieces.join(""));
      expect(written.map(({ index }) => index)).toEqual(numbers(written.length));
      expect(begun).toHaveLength(written.length);
      expect(mostInASecond(begun)).toBeLessThanOrEqual(eventsPerSecond);
    });
  });

  it("STREAM-1 a stream without pauses is published in 25 events a second, and not fewer", async () => {
    const { rollup, log } = startResponse();

    for (let i = 0; i < 400; i++) {
      await rollup.add("x");
      await pass(5);
    }

    expect(mostInASecond(log.begun)).toBe(eventsPerSecond);
    await rollup.end();
  });

  it("STREAM-1 the end publishes the collected deltas at once", async () => {
    const { rollup, parts } = startResponse();
    for (const piece of ["a", "b", "c"]) await rollup.add(piece);

    await rollup.end();

    expect(textOf(await parts())).toBe("abc");
    expect(jest.getTimerCount()).toBe(0);
  });

  it("STREAM-1 the end publishes nothing twice, even if it coincides with the next event", async () => {
    const { rollup, log, parts } = startResponse();
    log.takesMs = 10;
    await rollup.add("a");
    await pass(12);
    await rollup.add("b");
    await pass(23);

    // The next event is due in 5 ms, while this one is still being written.
    const ended = rollup.end();
    await pass(100);
    await ended;

    expect(textOf(await parts())).toBe("ab");
    expect(log.begun).toHaveLength(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("STREAM-4 after the end no delta is accepted", async () => {
    const { rollup, parts } = startResponse();
    await rollup.add("a");
    await rollup.end();

    const late = rollup.add("b");

    await expect(late).rejects.toMatchObject({ error: { code: "conflict" } });
    await pass(1_000);
    expect(textOf(await parts())).toBe("a");
  });

  it("STREAM-1 a producer that is faster than the log is slowed down, and nothing is lost", async () => {
    const { rollup, log, parts } = startResponse();
    log.takesMs = 1_000;
    const piece = "x".repeat(limits.deltaLength);
    let taken = 0;

    const adding = (async () => {
      for (const number of numbers(10)) {
        await rollup.add(piece);
        taken = number + 1;
      }
    })();
    await pass(500);
    const takenMeanwhile = taken;
    await pass(10_000);
    await adding;
    await pass(10_000);

    // One that is being written, and as many as may be gathered.
    expect(takenMeanwhile).toBe(1 + limits.rolledUpDeltaLength / limits.deltaLength);
    expect(textOf(await parts())).toBe(piece.repeat(10));
    await rollup.end();
  });

  it("STREAM-6 numbering continues where it was", async () => {
    const { rollup, parts } = startResponse({ nextIndex: 7 });

    await rollup.add("a");
    await pass(40);
    await rollup.add("b");
    await rollup.end();

    expect((await parts()).map(({ index }) => index)).toEqual([7, 8]);
  });

  it("STREAM-6 a writer that was cut off writes nothing after the one that replaced it", async () => {
    const { rollup, write, log, parts } = startResponse();
    await rollup.add("a");
    await pass(40);
    log.appends = "before";
    await rollup.add("b");
    await pass(10);
    log.appends = "none";

    const later = write(1);
    await later.add("c");
    await pass(1_000);
    await later.end();

    const written = await parts();
    expect(written.map(({ delta }) => delta)).toEqual(["a", "c"]);
    expect(written.map(({ index }) => index)).toEqual([0, 1]);
    expect(rollup.ended).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("STREAM-6 the later writer prevails although the clock of its instance is behind", async () => {
    const { rollup, write, log, parts } = startResponse();
    await rollup.add("a");
    await pass(40);
    log.appends = "before";
    await rollup.add("b");
    await pass(10);
    log.appends = "none";

    jest.setSystemTime(Date.now() - 15 * 60_000);
    const later = write(1);
    await later.add("c");
    await pass(1_000);
    await later.end();

    expect((await parts()).map(({ delta }) => delta)).toEqual(["a", "c"]);
    expect(rollup.ended).toBe(true);
  });

  it("STREAM-6 the remaining deltas of an earlier writer come before those of the later one", async () => {
    const { rollup, write, parts } = startResponse();
    await rollup.add("a");
    await pass(1);
    await rollup.add("b");
    const later = write(1);

    await rollup.end();
    await later.add("c");
    await later.end();

    const written = await parts();
    expect(written.map(({ delta }) => delta)).toEqual(["a", "b", "c"]);
    expect(written.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it("STREAM-1 the numbers have no gap if the end is requested more than once", async () => {
    const { rollup, write, log, parts } = startResponse();
    log.takesMs = 10;
    await rollup.add("a");
    await rollup.add("b");

    const ended = Promise.all([rollup.end(), rollup.end()]);
    await pass(100);
    await ended;

    const next = write(rollup.nextIndex);
    await next.add("c");
    await pass(20);
    expect((await parts()).map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it.each<AppendFault>(["before", "after"])(
    "STREAM-7 while the log cannot be written, deltas wait and are published once: appends fail %s they are done",
    async (fault) => {
      const { rollup, log, failures, parts } = startResponse();
      await rollup.add("a");
      await pass(40);
      log.appends = fault;
      for (const piece of ["b", "c", "d"]) {
        await rollup.add(piece);
        await pass(700);
      }
      const meanwhile = textOf(await parts());

      log.appends = "none";
      await pass(1_000);
      await rollup.add("e");
      await pass(40);

      const written = await parts();
      expect(meanwhile).toBe(fault === "before" ? "a" : "ab");
      expect(textOf(written)).toBe("abcde");
      expect(written.map(({ index }) => index)).toEqual(numbers(written.length));
      expect(failures.length).toBeGreaterThan(1);
      await rollup.end();
    },
  );

  it("STREAM-7 nothing is lost or duplicated, whenever and however the log fails", async () => {
    await withSeeds(60, async (random) => {
      const { rollup, log, parts } = startResponse();
      const pieces = numbers(random.between(20, 120)).map((number) => `${number} `);
      log.takesMs = random.pick([0, 5, 50]);

      for (const piece of pieces) {
        if (random.chance(0.2)) log.appends = random.pick<AppendFault>(["before", "after", "none"]);
        await rollup.add(piece);
        await pass(random.between(0, 100));
      }
      log.appends = "none";
      // Half of the time the end comes while the failed event waits to be tried again.
      await pass(random.chance(0.5) ? 2_000 : 1);
      const ended = rollup.end();
      await pass(1_000);
      await ended;

      const written = await parts();
      expect(textOf(written)).toBe(pieces.join(""));
      expect(written.map(({ index }) => index)).toEqual(numbers(written.length));
    });
  });

  it("STREAM-7 a producer is refused when no more deltas can wait, and those accepted are published", async () => {
    const { rollup, log, parts } = startResponse();
    log.appends = "before";
    const piece = "x".repeat(limits.deltaLength);
    await rollup.add("first ");
    await pass(1);
    for (let i = 0; i < 4; i++) await rollup.add(piece);

    const oneTooMany = rollup.add("last");

    await expect(oneTooMany).rejects.toMatchObject({ error: { code: "unavailable", retryable: true } });
    log.appends = "none";
    await pass(1_000);
    expect(textOf(await parts())).toBe(`first ${piece.repeat(4)}`);
    await rollup.end();
  });

  it("STREAM-7 the end drops what cannot be written, and leaves nothing running", async () => {
    const { rollup, log, parts } = startResponse();
    log.appends = "before";
    await rollup.add("a");
    await pass(10);
    await rollup.add("b");

    await rollup.end();
    log.appends = "none";
    await pass(2_000);

    expect(await parts()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
