import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { LogTails, type LogTailsOptions } from "../../server/deliver/log-tails.ts";
import { createMemoryEventLog } from "../../server/store/log/memory-event-log.ts";
import { messageEnvelope, textOf, uniqueLog } from "../support/envelopes.ts";
import { FaultyEventLog } from "../support/faulty-event-log.ts";
import { ManualClock } from "../support/manual-clock.ts";

const maxEvents = 5;
const lingerMs = 10_000;
const checkMs = 30_000;

const newLog = () => createMemoryEventLog({ time: new ManualClock(), maxEvents, ttlSeconds: 3_600 });

/** Everything that was under way is done: the store answers within microtasks, and no timer has to run. */
const settled = () => jest.advanceTimersByTimeAsync(0);

describe("log tails", () => {
  const name = uniqueLog();
  let log: FaultyEventLog;
  let tails: LogTails;
  /** What subscribers see: texts, and resets as `reset to 3, trimmed`. */
  let seen: (string | undefined)[];
  let failures: unknown[];

  beforeEach(() => {
    jest.useFakeTimers();
    log = new FaultyEventLog(newLog());
    tails = openFeeds();
  });

  afterEach(async () => {
    await tails.close();
    jest.useRealTimers();
  });

  function openFeeds(options: Partial<LogTailsOptions> = { lingerMs, checkMs }): LogTails {
    seen = [];
    failures = [];
    return new LogTails(
      {
        log,
        deliver: (event) => seen.push(textOf(event)),
        reset: (_name, { offset }, reason) => seen.push(`reset to ${offset}, ${reason}`),
        failed: (error) => failures.push(error),
      },
      options,
    );
  }

  async function append(...texts: string[]): Promise<void> {
    for (const text of texts) await log.append(name, messageEnvelope(text));
  }

  async function appendUnannounced(...texts: string[]): Promise<void> {
    const { announcements } = log;
    log.announcements = "lost";
    await append(...texts);
    log.announcements = announcements;
  }

  it("FEED-1 events appended after the opening are delivered in order", async () => {
    await append("before");
    const { tail } = await tails.open(name);

    await append("a", "b");

    expect(seen).toEqual(["a", "b"]);
    expect(tail.head).toEqual({ epoch: expect.any(String), offset: 3 });
  });

  it("FEED-1 announcements in the wrong order are delivered in the right one", async () => {
    await tails.open(name);
    log.announcements = "delayed";
    await append("a", "b", "c");

    log.releaseDelayed();
    await settled();

    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("FEED-1 an event that arrives after the log's end was read, while the tail opens, is delivered", async () => {
    const bounds = log.bounds.bind(log);
    log.bounds = async (log) => {
      const answer = await bounds(log);
      await append("a");
      return answer;
    };

    await tails.open(name);
    await append("b");

    expect(seen).toEqual(["a", "b"]);
  });

  it("FEED-1 an event that arrives before the log's end is read, while the tail opens, belongs to history", async () => {
    const bounds = log.bounds.bind(log);
    log.bounds = async (log) => {
      await append("a");
      return bounds(log);
    };

    const { tail } = await tails.open(name);
    const { offset } = tail.head;
    await append("b");

    expect(offset).toBe(1);
    expect(seen).toEqual(["b"]);
  });

  it("FEED-2 a gap is filled from the log when the next event is announced", async () => {
    await tails.open(name);
    await appendUnannounced("a", "b");

    await append("c");
    await settled();

    expect(seen).toEqual(["a", "b", "c"]);
    expect(log.reads).toBe(1);
  });

  it("FEED-3 a check delivers missed events without another announcement", async () => {
    await tails.open(name);
    await appendUnannounced("a", "b");

    await tails.check();
    await settled();

    expect(seen).toEqual(["a", "b"]);
  });

  it("FEED-3 every tail is checked periodically", async () => {
    await tails.open(name);
    await appendUnannounced("a");
    await jest.advanceTimersByTimeAsync(checkMs * 1.4);
    const afterOne = [...seen];

    await appendUnannounced("b");
    await jest.advanceTimersByTimeAsync(checkMs * 1.4);

    expect(afterOne).toEqual(["a"]);
    expect(seen).toEqual(["a", "b"]);
  });

  it("FEED-3 after an interruption the tail is compared with its log", async () => {
    await tails.open(name);
    await appendUnannounced("a");

    log.interrupt();
    await settled();

    expect(seen).toEqual(["a"]);
  });

  it("FEED-3 a caller that waits for an event that was not announced gets it", async () => {
    const { tail } = await tails.open(name);
    await appendUnannounced("a", "b");

    await tail.waitUntil(2);

    expect(seen).toEqual(["a", "b"]);
  });

  it("FEED-3 a caller that waits for an event that cannot be read is refused after 5 s", async () => {
    const { tail } = await tails.open(name);
    await appendUnannounced("a");
    log.unreadable = true;

    const reached = expect(tail.waitUntil(1)).rejects.toMatchObject({ error: { code: "unavailable" } });
    await jest.advanceTimersByTimeAsync(5_000);

    await reached;
  });

  it("FEED-4 if history was trimmed, subscribers get the position where delivery continues, and it does", async () => {
    await tails.open(name);
    await appendUnannounced("1", "2", "3", "4", "5", "6", "7");

    await tails.check();
    await settled();
    await append("8");

    expect(seen).toEqual(["reset to 2, trimmed", "3", "4", "5", "6", "7", "8"]);
  });

  it("FEED-4 events delivered before a reset are not returned as events after it", async () => {
    const { tail } = await tails.open(name);
    await append("1", "2");
    await appendUnannounced("3", "4", "5", "6", "7", "8");

    await tails.check();
    await settled();

    expect(seen).toEqual(["1", "2", "reset to 3, trimmed", "4", "5", "6", "7", "8"]);
    expect(tail.eventsAfter(3)?.map(textOf)).toEqual(["4", "5", "6", "7", "8"]);
    expect(tail.eventsAfter(1)).toBeUndefined();
  });

  it("FEED-4 if the log was lost, subscribers continue with the new one", async () => {
    const { tail } = await tails.open(name);
    await append("old");
    const { epoch } = tail.head;
    await log.replaceBy(newLog());

    await append("a");
    await settled();
    await append("b");

    expect(seen).toEqual(["old", "reset to 0, epoch_changed", "a", "b"]);
    expect(tail.head).toEqual({ epoch: expect.not.stringMatching(epoch), offset: 2 });
    expect(tail.eventsAfter(0)?.map(textOf)).toEqual(["a", "b"]);
  });

  it("FEED-5 a failed read is retried with the next announcement", async () => {
    await tails.open(name);
    await appendUnannounced("a");
    log.unreadable = true;
    await append("b");
    await settled();
    const whileUnreadable = [...seen];

    log.unreadable = false;
    await append("c");
    await settled();

    expect(whileUnreadable).toEqual([]);
    expect(seen).toEqual(["a", "b", "c"]);
    expect(failures).toHaveLength(1);
  });

  it("FEED-5 a failed read is retried with the next check", async () => {
    await tails.open(name);
    await appendUnannounced("a");
    log.unreadable = true;
    await tails.check();
    const whileUnreadable = [...seen];

    log.unreadable = false;
    await tails.check();
    await settled();

    expect(whileUnreadable).toEqual([]);
    expect(seen).toEqual(["a"]);
    expect(failures).toHaveLength(1);
  });

  it("FEED-5 a log that could not be followed is tried again by the next caller", async () => {
    log.unreadable = true;
    const refused = await Promise.allSettled([tails.open(name), tails.open(name)]);
    log.unreadable = false;

    await tails.open(name);
    await append("a");

    expect(refused.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(seen).toEqual(["a"]);
    expect(log.followed).toEqual([name]);
  });

  it("FEED-6 a log is followed once, however many handles it has", async () => {
    const leases = await Promise.all([tails.open(name), tails.open(name), tails.open(name)]);

    await append("a");

    expect(new Set(leases.map(({ tail }) => tail)).size).toBe(1);
    expect(log.followed).toEqual([name]);
    expect(seen).toEqual(["a"]);
  });

  it("FEED-6 a log is closed some time after its last handle was released", async () => {
    const [one, two] = await Promise.all([tails.open(name), tails.open(name)]);

    one.release();
    one.release();
    await jest.advanceTimersByTimeAsync(lingerMs * 2);
    const withOneLeft = [...log.followed];
    two.release();
    await jest.advanceTimersByTimeAsync(lingerMs - 1);
    const lingering = [...log.followed];
    await jest.advanceTimersByTimeAsync(1);

    expect([withOneLeft, lingering, log.followed]).toEqual([[name], [name], []]);
    expect(tails.size).toBe(0);
  });

  it("FEED-6 a caller that opens the log within that time keeps it open", async () => {
    const before = await tails.open(name);
    before.release();
    await jest.advanceTimersByTimeAsync(lingerMs - 1);

    const after = await tails.open(name);
    await jest.advanceTimersByTimeAsync(lingerMs * 2);
    await append("a");

    expect(after.tail).toBe(before.tail);
    expect(seen).toEqual(["a"]);
  });

  it("FEED-6 the time counts from the last release", async () => {
    const before = await tails.open(name);
    before.release();
    await jest.advanceTimersByTimeAsync(lingerMs - 1);
    const after = await tails.open(name);
    after.release();

    await jest.advanceTimersByTimeAsync(lingerMs - 1);
    const lingering = [...log.followed];
    await jest.advanceTimersByTimeAsync(1);

    expect([lingering, log.followed]).toEqual([[name], []]);
  });

  it("FEED-6 a log that was closed is followed again", async () => {
    const before = await tails.open(name);
    before.release();
    await jest.advanceTimersByTimeAsync(lingerMs);
    await append("a");

    await tails.open(name);
    await append("b");

    expect(seen).toEqual(["b"]);
    expect(log.followed).toEqual([name]);
  });

  it("FEED-6 after closing, nothing is followed", async () => {
    await tails.open(name);
    await tails.open(uniqueLog());
    (await tails.open(uniqueLog())).release();
    const before = log.followed.length;

    await tails.close();

    expect([before, log.followed.length]).toEqual([3, 0]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("ROOM-2 the ring returns the latest events, or that it no longer has all of them", async () => {
    const { tail } = await tails.open(name);
    await append("a", "b", "c");

    const given = [0, 1, 3, 9].map((offset) => tail.eventsAfter(offset)?.map(textOf));

    expect(given).toEqual([["a", "b", "c"], ["b", "c"], [], []]);
    for (let i = 0; i < 600; i++) await append(String(i));
    expect(tail.eventsAfter(3)).toBeUndefined();
    expect(tail.eventsAfter(601)?.map(textOf)).toEqual(["598", "599"]);
  });
});
