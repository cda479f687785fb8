import { describe, expect, it } from "@jest/globals";
import {
  type SequencerEffect,
  type SequencerInput,
  type SequencerState,
  sequence,
  startSequencer,
} from "../../server/deliver/sequencer.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { messageEnvelope } from "../support/envelopes.ts";

const event = (offset: number, epoch = "e1"): LoggedEnvelope => ({
  ...messageEnvelope(`${epoch}:${offset}`),
  position: { epoch, offset },
});
const events = (from: number, to: number, epoch = "e1") =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index, epoch));

const announced = (offset: number, epoch = "e1"): SequencerInput => ({
  type: "announced",
  event: event(offset, epoch),
});
const checked = (last: number, { first = 1, epoch = "e1" } = {}): SequencerInput => ({
  type: "checked",
  bounds: { epoch, first, last },
});
/** The log has `first` to `last`, and this is what it has from `from` to `to`. */
const fetched = (from: number, to: number, { first = 1, last = to, epoch = "e1" } = {}): SequencerInput => ({
  type: "fetched",
  slice: { bounds: { epoch, first, last }, events: events(from, to, epoch) },
});

/** Starts behind offset 10 of the epoch `e1`, and shows the effects as short texts. */
function run(...inputs: SequencerInput[]): { effects: string[]; state: SequencerState } {
  let state = startSequencer({ epoch: "e1", first: 1, last: 10 });
  const effects: string[] = [];
  for (const input of inputs) {
    const next = sequence(state, input);
    state = next.state;
    effects.push(...next.effects.map(shown));
  }
  return { effects, state };
}

function shown(effect: SequencerEffect): string {
  switch (effect.type) {
    case "deliver":
      return `deliver ${effect.events.map(({ position }) => position.offset).join(" ")}`;
    case "fetch":
      return `fetch after ${effect.after}`;
    case "reset":
      return `reset to ${effect.epoch}:${effect.head}, ${effect.reason}`;
  }
}

describe("the sequencer", () => {
  it("FEED-1 the next event is delivered at once", () => {
    const { effects } = run(announced(11), announced(12));

    expect(effects).toEqual(["deliver 11", "deliver 12"]);
  });

  it("FEED-1 an event that was delivered before is dropped", () => {
    const { effects } = run(announced(11), announced(11), announced(10), announced(3), announced(12));

    expect(effects).toEqual(["deliver 11", "deliver 12"]);
  });

  it("FEED-1 early events wait for those before them", () => {
    const { effects } = run(announced(13), announced(12), announced(14), announced(11));

    expect(effects).toEqual(["fetch after 10", "deliver 11 12 13 14"]);
  });

  it("FEED-1 an announcement that arrives while its event is fetched is delivered once", () => {
    const { effects } = run(announced(12), announced(11), fetched(11, 12), announced(13));

    expect(effects).toEqual(["fetch after 10", "deliver 11 12", "deliver 13"]);
  });

  it("FEED-2 a gap is filled from the log before later events are delivered", () => {
    const { effects } = run(announced(13), fetched(11, 13));

    expect(effects).toEqual(["fetch after 10", "deliver 11 12 13"]);
  });

  it("FEED-2 a second gap is filled too", () => {
    const { effects } = run(announced(12), announced(14), fetched(11, 12), fetched(13, 14));

    expect(effects).toEqual(["fetch after 10", "deliver 11 12", "fetch after 12", "deliver 13 14"]);
  });

  it("FEED-2 a gap longer than a page is filled page by page", () => {
    const { effects } = run(announced(15), fetched(11, 12, { last: 15 }), fetched(13, 14, { last: 15 }));

    expect(effects).toEqual(["fetch after 10", "deliver 11 12", "fetch after 12", "deliver 13 14 15"]);
  });

  it("FEED-2 of a burst after a gap only a limited number is held, and all is delivered", () => {
    const burst = events(12, 2_000).map((event): SequencerInput => ({ type: "announced", event }));

    const { effects, state } = run(...burst, fetched(11, 1_500, { last: 2_000 }), fetched(1_501, 2_000));

    const delivered = effects
      .filter((effect) => effect.startsWith("deliver"))
      .flatMap((text) => text.split(" ").slice(1));
    expect(delivered).toEqual(events(11, 2_000).map(({ position }) => String(position.offset)));
    expect(state).toMatchObject({ head: 2_000, held: new Map(), fetching: false });
  });

  it("FEED-2 one fetch is under way at a time", () => {
    const { effects } = run(announced(13), announced(15), checked(20), announced(17));

    expect(effects).toEqual(["fetch after 10"]);
  });

  it("FEED-3 a check that finds a longer log fetches", () => {
    const { effects } = run(checked(12), fetched(11, 12));

    expect(effects).toEqual(["fetch after 10", "deliver 11 12"]);
  });

  it("FEED-3 a check that finds nothing new does nothing", () => {
    const { effects } = run(checked(10), checked(9));

    expect(effects).toEqual([]);
  });

  it("FEED-3 a check during a fetch causes another fetch", () => {
    // The fetch reads up to 12; then 13 is appended, its announcement is lost, and the check sees it.
    const { effects } = run(announced(12), checked(13), fetched(11, 12), fetched(13, 13));

    expect(effects).toEqual(["fetch after 10", "deliver 11 12", "fetch after 12", "deliver 13"]);
  });

  it("FEED-4 after a trim delivery continues with the oldest remaining event", () => {
    const { effects } = run(
      announced(20),
      fetched(15, 20, { first: 15 }),
      fetched(15, 20, { first: 15 }),
      announced(21),
    );

    expect(effects).toEqual([
      "fetch after 10",
      "reset to e1:14, trimmed",
      "fetch after 14",
      "deliver 15 16 17 18 19 20",
      "deliver 21",
    ]);
  });

  it("FEED-4 if everything was trimmed, delivery continues at the end", () => {
    const nothing: SequencerInput = {
      type: "fetched",
      slice: { bounds: { epoch: "e1", first: 21, last: 20 }, events: [] },
    };

    const { effects } = run(checked(20, { first: 21 }), nothing, nothing, announced(21));

    expect(effects).toEqual(["fetch after 10", "reset to e1:20, trimmed", "fetch after 20", "deliver 21"]);
  });

  it.each([
    ["an announcement", announced(2, "e2")],
    ["a check", checked(2, { epoch: "e2" })],
  ])("FEED-4 delivery continues at the beginning of a new epoch that %s shows", (_what, sign) => {
    const answer = fetched(1, 2, { epoch: "e2" });

    const { effects } = run(sign, answer, answer, announced(3, "e2"));

    expect(effects).toEqual([
      "fetch after 10",
      "reset to e2:0, epoch_changed",
      "fetch after 0",
      "deliver 1 2",
      "deliver 3",
    ]);
  });

  it("FEED-4 held events of an old epoch are dropped", () => {
    const answer = fetched(1, 1, { epoch: "e2" });

    const { effects, state } = run(announced(12), answer, answer, announced(12), announced(2, "e2"));

    // The announcement of the old epoch makes it look once more.
    expect(effects.slice(-3)).toEqual(["deliver 1", "fetch after 1", "deliver 2"]);
    expect(state.held.size).toBe(0);
  });

  it("FEED-4 the result of a fetch from before the new epoch skips no events of it", () => {
    // Asked after 10 in the old epoch, answered from the new one, which has grown beyond 10 already.
    const { effects } = run(
      announced(12),
      checked(20, { epoch: "e2" }),
      fetched(11, 20, { epoch: "e2" }),
      fetched(1, 20, { epoch: "e2" }),
    );

    const delivered = effects.filter((effect) => effect.startsWith("deliver"));
    expect(delivered).toEqual([
      `deliver ${events(1, 20)
        .map(({ position }) => position.offset)
        .join(" ")}`,
    ]);
  });

  it("FEED-5 a failed fetch is retried with the next announcement", () => {
    const { effects } = run(announced(12), { type: "fetch_failed" }, announced(13), fetched(11, 13));

    expect(effects).toEqual(["fetch after 10", "fetch after 10", "deliver 11 12 13"]);
  });

  it("FEED-5 a failed fetch is retried with the next check", () => {
    const { effects } = run(announced(12), { type: "fetch_failed" }, checked(12), fetched(11, 12));

    expect(effects).toEqual(["fetch after 10", "fetch after 10", "deliver 11 12"]);
  });

  it("FEED-5 events after a gap that could not be read are not delivered before it", () => {
    const { effects, state } = run(announced(12), { type: "fetch_failed" }, announced(13), { type: "fetch_failed" });

    expect(effects.filter((effect) => effect.startsWith("deliver"))).toEqual([]);
    expect(state.head).toBe(10);
  });
});
