import { ulid } from "ulid";
import { chatResponseDelta } from "../../shared/events/chat-events.ts";
import type { EventId, ResponseId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Failed } from "../runtime/failed.ts";

export interface DeltaRollupOptions {
  publisher: Publisher;
  room: RoomName;
  sender: Sender;
  responseId: ResponseId;
  inReplyTo?: EventId | undefined;
  /** Of the dispatch that the response belongs to: each attempt counts its events from 0. */
  attempt?: number | undefined;
  /** Counts the writers of the response: a later one has a greater number. */
  writer: number;
  /** The index of the first event. */
  nextIndex: number;
  failed: Failed;
}

/** At most 25 events a second. */
const intervalMs = 40;
/** While the log cannot be written. */
const retryMs = 500;
/**
 * The time in the ids of a response's first writer. The clocks of instances cannot tell which writer is the later one, so
 * its number takes the place of the time; far in the future, to be greater than ids of earlier versions, made of a clock.
 */
const firstWriterMs = 2 ** 47;

/**
 * Gathers the text of the commands of one response into delta events. The first is published at once, so that a reader
 * sees the answer begin; the rest every 40 ms, one event at a time, so that they are in the log in order.
 */
export class DeltaRollup {
  readonly #options: DeltaRollupOptions;
  /** Later writers of a response have a greater one. */
  readonly #writer: string;
  #index: number;
  #gathered = "";
  /** Tried, and perhaps in the log, perhaps not. */
  #unconfirmed = "";
  #publishing: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  readonly #waiting: (() => void)[] = [];

  constructor(options: DeltaRollupOptions) {
    this.#options = options;
    this.#writer = ulid(firstWriterMs + options.writer);
    this.#index = options.nextIndex;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The index of the next event, as far as it is known here. */
  get nextIndex(): number {
    return this.#index;
  }

  /** Resolves when the text is taken: at once, or when so much has gone out that it fits. After the end: `conflict`. */
  async add(delta: string): Promise<void> {
    while (this.#gathered.length + delta.length > limits.rolledUpDeltaLength) {
      if (this.#unconfirmed && !this.#publishing) throw new Rejection("unavailable", "The log cannot be written now.");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#ended) throw new Rejection("conflict", `Response ${this.#options.responseId} has ended.`);
    this.#gathered += delta;
    this.#schedule();
  }

  /** Publishes what was gathered. Rejects with `unavailable` when the log cannot be written; it is then tried again later. */
  async flush(): Promise<void> {
    // Once for what is being tried, once for what was tried, and once for what was gathered since.
    for (let i = 0; i < 3 && (this.#unconfirmed || this.#gathered); i++) await (this.#publishing ?? this.#publish());
    if (this.#unconfirmed || this.#gathered) throw new Rejection("unavailable", "The log cannot be written now.");
  }

  /** Publishes what is left. Never rejects: what cannot be published now is reported, and dropped. */
  end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    // Its connection's end, its successor and the response's end may all ask for it at once.
    this.#ending ??= this.#publishPending().finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  async #publishPending(): Promise<void> {
    await this.#publishing;
    // Once for what was tried and once for what was gathered since.
    for (let i = 0; i < 2 && (this.#unconfirmed || this.#gathered); i++) await this.#publish();
  }

  #schedule(): void {
    if (this.#timer || this.#publishing || (!this.#gathered && !this.#unconfirmed)) return;
    const wait = this.#notBefore - performance.now();
    if (wait <= 0) return void this.#publish();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // Checks the time again: timers count whole milliseconds, and may be early by one.
      this.#schedule();
    }, wait);
  }

  #publish(): Promise<void> {
    if (!this.#unconfirmed) {
      this.#unconfirmed = this.#gathered;
      this.#gathered = "";
    }
    this.#notBefore = performance.now() + intervalMs;
    this.#publishing = this.#append(this.#unconfirmed).finally(() => {
      this.#publishing = undefined;
      for (const resume of this.#waiting.splice(0)) resume();
      if (!this.#ended) this.#schedule();
    });
    return this.#publishing;
  }

  async #append(delta: string): Promise<void> {
    const { publisher, room, sender, responseId, inReplyTo, attempt, failed } = this.#options;
    const about = {
      ...(inReplyTo !== undefined && { inReplyTo }),
      ...(attempt !== undefined && { attempt }),
      ...(sender.agentId !== null && { agentId: sender.agentId }),
    };
    try {
      for (let isOurs = false; !isOurs; this.#index++) {
        const index = this.#index;
        const ours = `${this.#writer}/${index}` as EventId;
        const { id: taker } = await publisher.publish(chatResponseDelta, {
          room,
          sender,
          id: ours,
          // A failed append may have happened all the same; sent again under the same key it is one event.
          dedupe: numberKey(responseId, index, attempt),
          data: { responseId, index, delta, ...about },
        });
        isOurs = taker === ours;
        if (!isOurs && !isEarlier(taker, this.#writer)) return this.#giveUp();
      }
      this.#unconfirmed = "";
    } catch (error) {
      this.#notBefore = performance.now() + retryMs;
      failed("publish a delta of a response", error, { willRetry: true, room, responseId });
    }
  }

  /** The response has ended, or goes on at a later writer: what is still here would come out of its order. */
  #giveUp(): void {
    this.#ended = true;
    this.#gathered = "";
    this.#unconfirmed = "";
  }
}

/**
 * The idempotency key of a response's event, for all its writers: each number is taken once, the last one by the end.
 * A writer that was cut off and goes on late so learns of those that came after it, in the step of the append itself.
 */
export const numberKey = (responseId: ResponseId, index: number, attempt?: number) =>
  `delta:${responseId}/${attempt === undefined ? "" : `${attempt}/`}${index}`;

/** Whether a delta event is of a writer that began before ours. Its last events may still arrive, and belong before ours. */
const isEarlier = (delta: EventId, writer: string) => /^[0-9A-Z]{26}\/\d+$/.test(delta) && delta < writer;
