import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { dedupeWindowMs, type Follower } from "../../server/store/log/event-log.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { LogName } from "../../shared/room.ts";
import { messageEnvelope, textOf, uniqueLog } from "../support/envelopes.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openStore, type TestStore as Store, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

const maxEvents = 20;
const ttlSeconds = 3_600;

const offsetsOf = (events: readonly LoggedEnvelope[]) => events.map(({ position }) => position.offset);
const textsOf = (events: readonly LoggedEnvelope[]) => events.map(textOf);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A follower that keeps what it is told. */
class Recorder implements Follower {
  readonly events: LoggedEnvelope[] = [];

  announced(event: LoggedEnvelope): void {
    this.events.push(event);
  }

  interrupted(): void {}
}

describe.each(stores)("event log (%s)", (name) => {
  let clock: ManualClock;
  let store: Store;

  beforeEach(async () => {
    clock = new ManualClock();
    store = await openStore(name, { clock, maxEvents, ttlSeconds });
  });

  afterEach(() => store.close());

  const append = (log: LogName, text: string, dedupe?: string) =>
    store.log.append(log, messageEnvelope(text, { clock }), dedupe);

  /** Appends `1`, `2`, … one after the other. */
  async function appendNumbers(log: LogName, count: number): Promise<void> {
    for (const number of range(1, count)) await append(log, String(number));
  }

  it("LOG-1 offsets count from 1 without gaps", async () => {
    const log = uniqueLog();

    const first = await append(log, "a");
    const second = await append(log, "b");
    const elsewhere = await append(uniqueLog(), "c");

    expect([first, second, elsewhere].map(({ position }) => position.offset)).toEqual([1, 2, 1]);
    expect([first, second].map(({ duplicate }) => duplicate)).toEqual([false, false]);
    expect(second.position.epoch).toBe(first.position.epoch);
  });

  it("LOG-1 offsets have no gaps and no duplicates under concurrent appends", async () => {
    const log = uniqueLog();

    const answers = await Promise.all(range(1, maxEvents).map((number) => append(log, String(number))));

    const { events } = await store.log.read(log, 0, maxEvents);
    const answered = answers.map(({ id, position }) => ({ id, position }));
    expect(offsetsOf(events)).toEqual(range(1, maxEvents));
    expect(events.map(({ id, position }) => ({ id, position }))).toEqual(
      answered.sort((a, b) => a.position.offset - b.position.offset),
    );
  });

  it("LOG-1 more and larger events than one step can take keep their order, with or without ids", async () => {
    const log = uniqueLog();
    const many = await openStore(name, { clock, maxEvents: 1_000, ttlSeconds });
    const texts = range(1, 450).map((number) => `${number} ${number % 20 === 0 ? "x".repeat(60_000) : ""}`);

    const answers = await Promise.all(
      texts.map((text, index) =>
        many.log.append(log, messageEnvelope(text, { clock }), index % 3 === 0 ? `id ${index}` : undefined),
      ),
    );

    const { events } = await many.log.read(log, 0, 1_000);
    expect(answers.map(({ position, duplicate }) => [position.offset, duplicate])).toEqual(
      range(1, 450).map((offset) => [offset, false]),
    );
    expect(textsOf(events)).toEqual(texts);
  });

  it("LOG-2 an id that is used twice in one step is one event", async () => {
    const log = uniqueLog();

    const [first, other, second] = await Promise.all([
      append(log, "a", "id"),
      append(log, "b"),
      append(log, "c", "id"),
    ]);

    expect([first, second].map(({ id }) => id)).toEqual([first.id, first.id]);
    expect([first, other, second].map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
    expect(textsOf((await store.log.read(log, 0, 10)).events)).toEqual(["a", "b"]);
  });

  it("LOG-1 an event in the log equals the appended one", async () => {
    const log = uniqueLog();
    const event = messageEnvelope("hello", { clock });

    const { id, position, timestamp } = await store.log.append(log, event);

    const { events } = await store.log.read(log, 0, 10);
    expect(events).toEqual([{ ...event, position }]);
    expect({ id, timestamp }).toEqual({ id: event.id, timestamp: event.timestamp });
  });

  it("LOG-2 an append with a used key adds nothing and returns the first result", async () => {
    const log = uniqueLog();
    const first = await append(log, "a", "ada/1");
    clock.advance(dedupeWindowMs - 1);

    const again = await append(log, "not a", "ada/1");
    const other = await append(log, "b", "ada/2");

    const { events } = await store.log.read(log, 0, 10);
    expect(again).toEqual({ ...first, duplicate: true });
    expect(other).toMatchObject({ duplicate: false, position: { offset: 2 } });
    expect(textsOf(events)).toEqual(["a", "b"]);
  });

  it("LOG-2 of concurrent appends with one key, one is added", async () => {
    const log = uniqueLog();

    const answers = await Promise.all(range(1, 10).map((number) => append(log, String(number), "ada/1")));

    const { bounds } = await store.log.read(log, 0, 10);
    expect(bounds.last).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  });

  it("LOG-2 a key can be used again after 10 minutes", async () => {
    const log = uniqueLog();
    await append(log, "a", "ada/1");
    clock.advance(dedupeWindowMs);

    const again = await append(log, "b", "ada/1");
    const third = await append(log, "c", "ada/1");

    expect(again).toMatchObject({ duplicate: false, position: { offset: 2 } });
    expect(third).toEqual({ ...again, duplicate: true });
  });

  it("LOG-2 keys of different logs are independent", async () => {
    await append(uniqueLog(), "a", "ada/1");

    const elsewhere = await append(uniqueLog(), "b", "ada/1");

    expect(elsewhere.duplicate).toBe(false);
  });

  it("LOG-2 a repeated append is not announced", async () => {
    const log = uniqueLog();
    const recorder = new Recorder();
    await store.log.follow(log, recorder);

    await append(log, "a", "ada/1");
    await append(log, "a", "ada/1");
    await append(log, "marker");
    await eventually(() => textsOf(recorder.events).includes("marker"), "the marker");

    expect(textsOf(recorder.events)).toEqual(["a", "marker"]);
  });

  it.each([
    { after: 0, limit: 3, expected: [1, 2, 3] },
    { after: 4, limit: 3, expected: [5, 6, 7] },
    { after: 8, limit: 3, expected: [9, 10] },
    { after: 10, limit: 3, expected: [] },
    { after: 99, limit: 3, expected: [] },
    { after: 0, limit: 99, expected: range(1, 10) },
  ])("LOG-3 read after $after with limit $limit returns $expected", async ({ after, limit, expected }) => {
    const log = uniqueLog();
    await appendNumbers(log, 10);

    const { bounds, events } = await store.log.read(log, after, limit);

    expect(offsetsOf(events)).toEqual(expected);
    expect(textsOf(events)).toEqual(expected.map(String));
    expect(bounds).toEqual({ epoch: expect.any(String), first: 1, last: 10 });
  });

  it.each([
    { before: undefined, limit: 3, expected: [8, 9, 10] },
    { before: 11, limit: 3, expected: [8, 9, 10] },
    { before: 99, limit: 3, expected: [8, 9, 10] },
    { before: 5, limit: 3, expected: [2, 3, 4] },
    { before: 3, limit: 3, expected: [1, 2] },
    { before: 1, limit: 3, expected: [] },
    { before: 0, limit: 3, expected: [] },
    { before: undefined, limit: 99, expected: range(1, 10) },
  ])("LOG-3 readBack before $before with limit $limit returns $expected", async ({ before, limit, expected }) => {
    const log = uniqueLog();
    await appendNumbers(log, 10);

    const { bounds, events } = await store.log.readBack(log, before, limit);

    expect(offsetsOf(events)).toEqual(expected);
    expect(textsOf(events)).toEqual(expected.map(String));
    expect(bounds).toEqual({ epoch: expect.any(String), first: 1, last: 10 });
  });

  it("LOG-4 a log keeps its newest events, up to its maximum", async () => {
    const log = uniqueLog();
    await appendNumbers(log, maxEvents + 5);

    const forwards = await store.log.read(log, 0, 99);
    const backwards = await store.log.readBack(log, undefined, 99);
    const beforeAll = await store.log.readBack(log, 6, 99);

    expect(offsetsOf(forwards.events)).toEqual(range(6, maxEvents + 5));
    expect(backwards).toEqual(forwards);
    expect(forwards.bounds).toMatchObject({ first: 6, last: maxEvents + 5 });
    expect(beforeAll.events).toEqual([]);
  });

  it("LOG-4 a log drops expired events, and never reuses an offset", async () => {
    const log = uniqueLog();
    await appendNumbers(log, 3);
    clock.advance((ttlSeconds - 60) * 1_000);
    await append(log, "4");
    clock.advance(61_000);

    const some = await store.log.read(log, 0, 10);
    clock.advance(ttlSeconds * 1_000);
    const none = await store.log.bounds(log);
    const { position } = await append(log, "5");

    expect(offsetsOf(some.events)).toEqual([4]);
    expect(some.bounds).toMatchObject({ first: 4, last: 4 });
    expect(none).toEqual({ epoch: some.bounds.epoch, first: 5, last: 4 });
    expect(position).toEqual({ epoch: some.bounds.epoch, offset: 5 });
    expect(await store.log.bounds(log)).toMatchObject({ first: 5, last: 5 });
  });

  it("LOG-5 a follower gets every later append, in order", async () => {
    const log = uniqueLog();
    const [one, two] = [new Recorder(), new Recorder()];
    await append(log, "before");
    await store.log.follow(log, one);
    await store.log.follow(log, two);

    await Promise.all(range(1, maxEvents - 1).map((number) => append(log, String(number))));
    await eventually(
      () => one.events.length >= maxEvents - 1 && two.events.length >= maxEvents - 1,
      "every announcement",
    );

    const { events } = await store.log.read(log, 1, maxEvents);
    expect(one.events).toEqual(events);
    expect(two.events).toEqual(events);
  });

  it("LOG-5 a follower gets nothing of other logs", async () => {
    const [log, otherLog] = [uniqueLog(), uniqueLog()];
    const [recorder, other] = [new Recorder(), new Recorder()];
    await store.log.follow(log, recorder);
    await store.log.follow(otherLog, other);

    await append(otherLog, "elsewhere");
    await append(log, "marker");
    await eventually(() => recorder.events.length > 0 && other.events.length > 0, "both announcements");

    expect(textsOf(recorder.events)).toEqual(["marker"]);
    expect(textsOf(other.events)).toEqual(["elsewhere"]);
  });

  it("LOG-5 a follower that has stopped gets nothing more, and the others do", async () => {
    const log = uniqueLog();
    const [leaving, staying] = [new Recorder(), new Recorder()];
    const unfollow = await store.log.follow(log, leaving);
    await store.log.follow(log, staying);
    await append(log, "a");
    await eventually(() => leaving.events.length === 1, "the first announcement");

    unfollow();
    await append(log, "b");
    await eventually(() => staying.events.length === 2, "the second announcement");

    expect(textsOf(leaving.events)).toEqual(["a"]);
    expect(textsOf(staying.events)).toEqual(["a", "b"]);
  });

  it("LOG-5 a log can be followed again", async () => {
    const log = uniqueLog();
    const [before, after] = [new Recorder(), new Recorder()];
    const unfollow = await store.log.follow(log, before);
    unfollow();
    await store.log.follow(log, after);

    await append(log, "a");
    await eventually(() => after.events.length === 1, "the announcement");

    expect(before.events).toEqual([]);
    expect(textsOf(after.events)).toEqual(["a"]);
  });

  it("LOG-6 a log that does not exist reads as an empty log, with the epoch that it will have", async () => {
    const log = uniqueLog();

    const bounds = await store.log.bounds(log);
    const forwards = await store.log.read(log, 0, 10);
    const backwards = await store.log.readBack(log, undefined, 10);
    const { position } = await append(log, "a");

    expect(bounds).toEqual({ epoch: position.epoch, first: 1, last: 0 });
    expect(forwards).toEqual({ bounds, events: [] });
    expect(backwards).toEqual({ bounds, events: [] });
    expect(position.offset).toBe(1);
  });
});
