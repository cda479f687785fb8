import { describe, expect, it } from "@jest/globals";
import { type SequencerInput, type SequencerState, sequence, startSequencer } from "../../server/deliver/sequencer.ts";
import type { LogSlice } from "../../server/store/log/event-log.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { messageEnvelope } from "../support/envelopes.ts";
import { type Random, withSeeds } from "../support/random.ts";

/** What a subscriber saw: `reset` begins a new piece of history. */
type Seen = LoggedEnvelope | { reset: { epoch: string; head: number }; reason: string };

/** A log as it really is. */
class ModelLog {
  epoch = "e1";
  first = 1;
  events: LoggedEnvelope[] = [];
  epochs = 1;
  trims = 0;
  /** Every event there ever was, by position. */
  readonly truth = new Map<string, LoggedEnvelope>();

  get last(): number {
    return this.first + this.events.length - 1;
  }

  get bounds() {
    return { epoch: this.epoch, first: this.first, last: this.last };
  }

  append(): LoggedEnvelope {
    const position = { epoch: this.epoch, offset: this.last + 1 };
    const event = { ...messageEnvelope("text"), position };
    this.events.push(event);
    this.truth.set(`${position.epoch}:${position.offset}`, event);
    return event;
  }

  read(after: number, limit: number): LogSlice {
    const from = Math.max(0, after + 1 - this.first);
    return { bounds: this.bounds, events: this.events.slice(from, from + limit) };
  }

  trim(count: number): void {
    const trimmed = this.events.splice(0, count).length;
    this.first += trimmed;
    this.trims += trimmed;
  }

  /** The history is lost. Some stores count on, others from 1. */
  loseHistory(countsOn: boolean): void {
    this.first = countsOn ? this.last + 1 : 1;
    this.events = [];
    this.epoch = `e${++this.epochs}`;
  }
}

/** A sequencer at the end of a network that loses, doubles, delays and reorders, before a log that fails at times. */
class Schedule {
  readonly log = new ModelLog();
  readonly seen: Seen[] = [];
  readonly #random: Random;
  #state: SequencerState;
  readonly #announcements: LoggedEnvelope[] = [];
  /** Asked, not yet looked up. */
  readonly #asked: { after: number }[] = [];
  /** Looked up, and on their way. */
  readonly #answers: SequencerInput[] = [];

  constructor(random: Random) {
    this.#random = random;
    for (let i = random.between(0, 5); i > 0; i--) this.log.append();
    this.#state = startSequencer(this.log.bounds);
    this.start = { epoch: this.log.epoch, head: this.log.last };
  }

  readonly start: { epoch: string; head: number };

  /** Something happens. */
  step({ losesHistory }: { losesHistory: boolean }): void {
    const random = this.#random;
    const dice = random.next();
    if (dice < 0.35) this.#append();
    else if (dice < 0.65) this.#announce();
    else if (dice < 0.78) this.#lookUp(random.chance(0.2));
    else if (dice < 0.9) this.#answer();
    else if (dice < 0.96) this.#answers.push({ type: "checked", bounds: this.log.bounds });
    else if (losesHistory && dice < 0.985) this.log.trim(random.between(1, 4));
    else if (losesHistory) this.log.loseHistory(random.chance(0.3));
  }

  /** Everything that is under way arrives, and then a check. */
  settle(): void {
    this.#drain();
    this.#step({ type: "checked", bounds: this.log.bounds });
    this.#drain();
  }

  #drain(): void {
    for (let i = 0; this.#announcements.length + this.#asked.length + this.#answers.length > 0; i++) {
      if (i > 10_000) throw new Error("It never comes to rest");
      this.#announce();
      this.#lookUp(false);
      this.#answer();
    }
  }

  #append(): void {
    const event = this.log.append();
    const copies = this.#random.pick([0, 1, 1, 1, 2]);
    for (let i = 0; i < copies; i++) this.#announcements.push(event);
  }

  #announce(): void {
    // Mostly in order, as a network would; sometimes not.
    const event = this.#random.chance(0.7) ? this.#announcements.shift() : this.#random.take(this.#announcements);
    if (event) this.#step({ type: "announced", event });
  }

  #lookUp(fails: boolean): void {
    const request = this.#asked.shift();
    if (!request) return;
    const slice = this.log.read(request.after, this.#random.between(1, 4));
    this.#answers.push(fails ? { type: "fetch_failed" } : { type: "fetched", slice });
  }

  #answer(): void {
    const answer = this.#random.take(this.#answers);
    if (answer) this.#step(answer);
  }

  #step(input: SequencerInput): void {
    const { state, effects } = sequence(this.#state, input);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "deliver") this.seen.push(...effect.events);
      else if (effect.type === "fetch") this.#asked.push({ after: effect.after });
      else this.seen.push({ reset: { epoch: effect.epoch, head: effect.head }, reason: effect.reason });
    }
  }
}

/** Checks that nothing is left out, doubled or out of order but where a reset says so. Gives the place it ends at. */
function walk({ log, seen, start }: Schedule): { epoch: string; head: number } {
  let { epoch, head } = start;
  const epochNumber = (name: string) => Number(name.slice(1));
  for (const item of seen) {
    if ("reset" in item) {
      const forwards =
        item.reason === "trimmed"
          ? item.reset.epoch === epoch && item.reset.head > head
          : epochNumber(item.reset.epoch) > epochNumber(epoch);
      if (!forwards) throw new Error(`After ${epoch}:${head} it was reset back to ${JSON.stringify(item)}`);
      ({ epoch, head } = item.reset);
      continue;
    }
    const position = `${epoch}:${++head}`;
    if (item !== log.truth.get(position)) {
      throw new Error(`Expected ${position}, saw ${item.position.epoch}:${item.position.offset}`);
    }
  }
  return { epoch, head };
}

const isReset = (item: Seen) => "reset" in item;

describe("the sequencer, with random schedules", () => {
  it("FEED-1 delivers everything once and in order, without a reset, as long as history is kept", async () => {
    await withSeeds(500, (random) => {
      const schedule = new Schedule(random);

      for (let i = 0; i < 150; i++) schedule.step({ losesHistory: false });
      schedule.settle();

      expect(schedule.seen.filter(isReset)).toEqual([]);
      expect(walk(schedule)).toEqual({ epoch: "e1", head: schedule.log.last });
    });
  });

  it("FEED-4 delivers everything once and in order after each reset when history is lost", async () => {
    let resets = 0;
    await withSeeds(1_000, (random) => {
      const schedule = new Schedule(random);

      for (let i = 0; i < 150; i++) schedule.step({ losesHistory: true });
      schedule.settle();

      const { log, seen } = schedule;
      expect(walk(schedule)).toEqual({ epoch: log.epoch, head: log.last });
      expect(seen.filter(isReset).length).toBeLessThanOrEqual(log.epochs - 1 + log.trims);
      resets += seen.filter(isReset).length;
    });

    // Else the schedules would have tried nothing.
    expect(resets).toBeGreaterThan(500);
  });
});
