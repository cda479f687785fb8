import { describe, expect, it } from "@jest/globals";
import { CompactPage, isDelta, isResponse } from "../../server/resume/compact.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { ResponseId } from "../../shared/ids.ts";
import { messageEnvelope } from "../support/envelopes.ts";
import { type Random, withSeeds } from "../support/random.ts";

/** Writes a log by hand: `m` a message, `a` and `b` the next parts of two responses, `A` and `B` their ends. */
function logOf(text: string): LoggedEnvelope[] {
  const parts = new Map<string, string[]>();
  return [...text.replaceAll(" ", "")].map((letter, index): LoggedEnvelope => {
    const position = { epoch: "e1", offset: index + 1 };
    const envelope = messageEnvelope(`message ${index + 1}`);
    if (letter === "m") return { ...envelope, position };
    const responseId = letter.toLowerCase() as ResponseId;
    const written = parts.get(responseId) ?? [];
    parts.set(responseId, written);
    if (letter !== responseId) {
      const data = { responseId, message: written.join(""), status: "complete" as const };
      return { ...envelope, position, type: EventType.ChatResponse, data };
    }
    const delta = `${letter}${written.length} `;
    const data = { responseId, index: written.length, delta };
    written.push(delta);
    return { ...envelope, position, type: EventType.ChatResponseDelta, data };
  });
}

/** As the hand-written log, but with what was merged, and the position. */
function shown(page: CompactPage): string[] {
  return page.events.map((event) => {
    const { offset } = event.position;
    if (isDelta(event)) return `${event.data.delta}@${offset}`;
    if (isResponse(event)) return `${event.data.responseId.toUpperCase()}@${offset}`;
    return `m@${offset}`;
  });
}

/** What a reader of these events knows of each response: the whole, or the parts put together. */
function textsOf(events: readonly LoggedEnvelope[]): Map<ResponseId, string> {
  const texts = new Map<ResponseId, string>();
  for (const event of events) {
    if (isDelta(event)) texts.set(event.data.responseId, (texts.get(event.data.responseId) ?? "") + event.data.delta);
    if (isResponse(event)) texts.set(event.data.responseId, event.data.message);
  }
  return texts;
}

const finishedIn = (log: readonly LoggedEnvelope[]) => log.filter(isResponse).map(({ data }) => data.responseId);
const offsetsOf = (events: readonly LoggedEnvelope[]) => events.map(({ position }) => position.offset);
const messagesOf = (events: readonly LoggedEnvelope[]) =>
  offsetsOf(events.filter((event) => event.type === EventType.ChatMessage));

/** Fills one page after the other from the front. */
function pagesForwards(log: readonly LoggedEnvelope[], limit: number, omitted: ResponseId[]): CompactPage[] {
  const newPage = () => {
    const page = new CompactPage(limit);
    page.omit(omitted);
    pages.push(page);
    return page;
  };
  const pages: CompactPage[] = [];
  let page = newPage();
  for (const event of log) {
    if (page.append(event)) continue;
    page = newPage();
    if (!page.append(event)) throw new Error("An empty page takes nothing");
  }
  return pages;
}

/** Fills one page after the other from the back; the last one, which is filled first, stands last. */
function pagesBackwards(log: readonly LoggedEnvelope[], limit: number, omitted: ResponseId[]): CompactPage[] {
  const newPage = () => {
    const page = new CompactPage(limit);
    page.omit(omitted);
    pages.unshift(page);
    return page;
  };
  const pages: CompactPage[] = [];
  let page = newPage();
  for (const event of log.toReversed()) {
    if (page.prepend(event)) continue;
    page = newPage();
    if (!page.prepend(event)) throw new Error("An empty page takes nothing");
  }
  return pages;
}

/** Messages, and responses that are written at the same time, some of which end. */
function randomLog(random: Random): LoggedEnvelope[] {
  const letters = ["a", "b", "c"];
  let log = "";
  for (let length = random.between(0, 60); length > 0; length--) {
    const open = letters.filter((letter) => !log.includes(letter.toUpperCase()));
    if (open.length === 0 || random.chance(0.25)) log += "m";
    else log += random.chance(0.06) ? random.pick(open).toUpperCase() : random.pick(open);
  }
  return logOf(log);
}

/** What holds for the pages of a whole log, read either way. */
function expectWhole(pages: readonly CompactPage[], log: readonly LoggedEnvelope[], limit: number): void {
  const events = pages.flatMap((page) => page.events);

  expect(textsOf(events)).toEqual(textsOf(log));
  expect(messagesOf(events)).toEqual(messagesOf(log));
  for (const page of pages) {
    const responses = page.events.filter((event) => isDelta(event) || isResponse(event));
    expect(page.events.length).toBeLessThanOrEqual(limit);
    expect(offsetsOf(page.events)).toEqual(offsetsOf(page.events).sort((a, b) => a - b));
    // One event a response, and none of its parts where the whole follows within the page.
    expect(new Set(responses.map(({ data }) => data.responseId)).size).toBe(responses.length);
    for (const event of page.events) {
      if (!isDelta(event)) expect(event).toBe(log[event.position.offset - 1]);
      else expect(event.data.index).toBe((log[event.position.offset - 1] as typeof event).data.index);
    }
  }
}

describe("compact page", () => {
  it.each([
    ["m m m", ["m@1", "m@2", "m@3"]],
    ["a a a", ["a0 a1 a2 @3"]],
    ["m a m a m", ["m@1", "m@3", "a0 a1 @4", "m@5"]],
    ["a b a b b", ["a0 a1 @3", "b0 b1 b2 @5"]],
    ["a m a A m", ["m@2", "A@4", "m@5"]],
    ["a b A b", ["A@3", "b0 b1 @4"]],
    ["A", ["A@1"]],
    ["", []],
  ])("STREAM-8 %j is merged the same from both ends and by push", (text, expected) => {
    const log = logOf(text);
    const [forwards, backwards, pushed] = [new CompactPage(10), new CompactPage(10), new CompactPage(10)];

    for (const event of log) forwards.append(event);
    for (const event of log.toReversed()) backwards.prepend(event);
    for (const event of log) pushed.push(event);

    expect([shown(forwards), shown(backwards), shown(pushed)]).toEqual([expected, expected, expected]);
  });

  it("STREAM-8 deltas of a finished response are omitted, even in a full page", () => {
    const page = new CompactPage(1);
    page.omit(["a" as ResponseId]);

    const added = logOf("m a a b").map((event) => page.append(event));

    expect(added).toEqual([true, true, true, false]);
    expect(shown(page)).toEqual(["m@1"]);
  });

  it("STREAM-8 a full page takes a delta that is merged into an entry", () => {
    const [forwards, backwards] = [new CompactPage(2), new CompactPage(2)];
    const log = logOf("a m a A");

    const appended = log.map((event) => forwards.append(event));
    const prepended = logOf("m a m a")
      .toReversed()
      .map((event) => backwards.prepend(event));

    expect(appended).toEqual([true, true, true, true]);
    expect(shown(forwards)).toEqual(["m@2", "A@4"]);
    expect(prepended).toEqual([true, true, true, false]);
    expect(shown(backwards)).toEqual(["m@3", "a0 a1 @4"]);
  });

  it("STREAM-8 a full page refuses a new event and stays unchanged", () => {
    const page = new CompactPage(2);
    const log = logOf("m a m");

    const added = log.map((event) => page.append(event));
    const prepended = page.prepend(messageAt(0));

    expect([...added, prepended]).toEqual([true, true, false, false]);
    expect(shown(page)).toEqual(["m@1", "a0 @2"]);
  });

  it("STREAM-8 push makes room by dropping the oldest entries", () => {
    const page = new CompactPage(2);

    for (const event of logOf("m m a m a m")) page.push(event);

    expect(shown(page)).toEqual(["a0 a1 @5", "m@6"]);
  });

  it("STREAM-8 merging does not change events of the log", () => {
    const log = logOf("a a a A");
    const before = structuredClone(log);
    const [forwards, backwards] = [new CompactPage(10), new CompactPage(10)];

    for (const event of log) forwards.append(event);
    for (const event of log.toReversed()) backwards.prepend(event);

    expect(log).toEqual(before);
  });

  it("STREAM-8 any log read forwards in pages loses, duplicates and reorders nothing", async () => {
    await withSeeds(400, (random) => {
      const log = randomLog(random);
      const limit = random.between(1, 12);
      const omitted = random.chance(0.5) ? finishedIn(log) : [];

      const pages = pagesForwards(log, limit, omitted);

      expectWhole(pages, log, limit);
    });
  });

  it("STREAM-8 any log read backwards in pages loses, duplicates and reorders nothing", async () => {
    await withSeeds(400, (random) => {
      const log = randomLog(random);
      const limit = random.between(1, 12);
      const omitted = random.chance(0.5) ? finishedIn(log) : [];

      const pages = pagesBackwards(log, limit, omitted);

      expectWhole(pages, log, limit);
    });
  });

  it("STREAM-8 any log read backwards from its middle, with the rest pushed, ends with the latest events", async () => {
    await withSeeds(400, (random) => {
      const log = randomLog(random);
      const limit = random.between(1, 12);
      const middle = random.between(0, log.length);
      const page = new CompactPage(limit);
      const all = new CompactPage(log.length);

      for (const event of log.slice(0, middle).toReversed()) if (!page.prepend(event)) break;
      for (const event of log.slice(middle)) page.push(event);
      for (const event of log) all.append(event);

      // The same events as of a page without a limit, but for the beginning of a response that did not fit any more.
      expect(offsetsOf(page.events)).toEqual(offsetsOf(all.events.slice(-limit)));
      for (const [responseId, text] of textsOf(page.events))
        expect(textsOf(log).get(responseId)?.endsWith(text)).toBe(true);
    });
  });
});

function messageAt(offset: number): LoggedEnvelope {
  return { ...messageEnvelope("earlier"), position: { epoch: "e1", offset } };
}
