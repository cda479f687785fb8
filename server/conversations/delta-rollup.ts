import { ulid } from "ulid";
import { chatResponseDelta } from "../../shared/events/chat-events.ts";
import type { EventId, ResponseId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import type { Publisher } from "../publish/publisher.ts";

export interface DeltaRollupOptions {
  publisher: Publisher;
  room: RoomName;
  sender: Sender;
  responseId: ResponseId;
  inReplyTo: EventId | undefined;
  /** Number of the first event. */
  nextIndex: number;
  failed(error: unknown): void;
}

/** At most 25 events a second. */
const intervalMs = 40;
/** While the log cannot be written. */
const retryMs = 500;

/**
 * Gathers the pieces of one response. The first goes out at once, so that a reader sees the answer begin;
 * the rest in steps of 40 ms, one event at a time, so that they are in the log in their order.
 */
export class DeltaRollup {
  readonly #options: DeltaRollupOptions;
  readonly #writer = ulid();
  #index: number;
  #gathered = "";
  /** Tried, and perhaps in the log, perhaps not. */
  #unconfirmed = "";
  #publishing: Promise<void> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  readonly #waiting: (() => void)[] = [];

  constructor(options: DeltaRollupOptions) {
    this.#options = options;
    this.#index = options.nextIndex;
  }

  get producer(): UserId {
    return this.#options.sender.userId;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when the piece is taken: at once, or when so much has gone out that it fits. After the end: `conflict`. */
  async add(delta: string): Promise<void> {
    while (this.#gathered.length + delta.length > limits.rolledUpDeltaLength) {
      if (this.#unconfirmed && !this.#publishing) throw new Rejection("unavailable", "The log cannot be written now.");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#ended) throw new Rejection("conflict", `Response ${this.#options.responseId} has ended.`);
    this.#gathered += delta;
    this.#schedule();
  }

  /** Lets out what is left. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#publishing;
    // Once for what was tried and once for what was gathered since; what cannot be written now is given up.
    for (let i = 0; i < 2 && (this.#unconfirmed || this.#gathered); i++) await this.#publish();
  }

  #schedule(): void {
    if (this.#timer || this.#publishing || (!this.#gathered && !this.#unconfirmed)) return;
    const wait = this.#notBefore - performance.now();
    if (wait <= 0) return void this.#publish();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // Looks at the time again: timers count whole milliseconds, and may be early by one.
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
      for (const goOn of this.#waiting.splice(0)) goOn();
      if (!this.#ended) this.#schedule();
    });
    return this.#publishing;
  }

  async #append(delta: string): Promise<void> {
    const { publisher, room, sender, responseId, inReplyTo, failed } = this.#options;
    const index = this.#index;
    try {
      await publisher.publish(chatResponseDelta, {
        room,
        sender,
        // A failed append may have happened all the same. The same text sent again under the same key is one event;
        // another writer's text under the same number is not.
        dedupe: `delta:${responseId}/${this.#writer}/${index}`,
        data: { responseId, index, delta, ...(inReplyTo === undefined ? {} : { inReplyTo }) },
      });
      this.#index++;
      this.#unconfirmed = "";
    } catch (error) {
      this.#notBefore = performance.now() + retryMs;
      failed(error);
    }
  }
}
