import { EndOfTurn } from "../runtime/end-of-turn.ts";
import type { Failed } from "../runtime/failed.ts";
import { Batch } from "./batch.ts";
import type { TextFrame } from "./text-frame.ts";

/** Writes a connection's messages to the network. */
export interface Wire {
  /** Synchronous; keeps the order of the calls. */
  write(batch: Batch): void;
  /** Ends the connection at once, without writing to it. */
  abort(): void;
}

/**
 * The messages of one connection, in order. They are written together, by default at the end of the event loop's turn
 * ({@link FlushScheduler}): the cost is per write, and hardly per message.
 */
export class Outbox {
  readonly #scheduler: FlushScheduler;
  readonly #wire: Wire;
  #batch: Batch;
  #closed = false;
  /** The last event added, as `SubscriberIndex` counts them: a connection in several channels gets it once. */
  latest = 0;

  constructor(scheduler: FlushScheduler, wire: Wire) {
    this.#scheduler = scheduler;
    this.#wire = wire;
    this.#batch = scheduler.empty;
  }

  /** Characters waiting. */
  get size(): number {
    return this.#batch.size;
  }

  /** Queues a frame that may wait for `coalesceMs` to be written together with others. */
  put(frame: TextFrame): void {
    if (this.#closed) return;
    if (this.#batch.isEmpty) this.#scheduler.schedule(this);
    this.#batch = this.#batch.with(frame);
    if (this.#batch.size > maxBatch) this.flush();
  }

  /** Queues a frame that its receiver is waiting for; it is written when this turn of the event loop ends. */
  send(frame: TextFrame): void {
    this.put(frame);
    this.#scheduler.flushSoon(this);
  }

  flush(): void {
    if (this.#batch.isEmpty) return;
    const batch = this.#batch;
    this.#batch = this.#scheduler.empty;
    try {
      this.#wire.write(batch);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Drops the queued frames, and all that are added later. */
  close(): void {
    this.#closed = true;
    this.#batch = this.#scheduler.empty;
  }

  /** Ends this connection alone: its client resumes on another one, and the outboxes after it are flushed all the same. */
  #fail(error: unknown): void {
    this.close();
    this.#scheduler.failed("write to a connection, which is closed", error, { willRetry: false });
    try {
      this.#wire.abort();
    } catch (cause) {
      this.#scheduler.failed("close a connection", cause, { willRetry: false });
    }
  }
}

/** Characters. Larger batches would be more than the network takes at once. */
const maxBatch = 256 * 1024;

/** Decides when outboxes are flushed. */
export class FlushScheduler {
  /** What every outbox begins with. Batches that grow from it by the same frames share their bytes until they are flushed. */
  readonly empty = Batch.empty();
  readonly failed: Failed;
  readonly #coalesceMs: number;
  readonly #atEndOfTurn = new EndOfTurn<Outbox>((outboxes) => this.#flushAll(outboxes));
  /** Outboxes that wait for `coalesceMs`. */
  #waiting: Outbox[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `coalesceMs`: how long frames are collected. 0: until the current turn ends. */
  constructor({ coalesceMs, failed }: { coalesceMs: number; failed: Failed }) {
    this.#coalesceMs = coalesceMs;
    this.failed = failed;
  }

  /** To be called when a frame was put into an empty outbox. */
  schedule(outbox: Outbox): void {
    if (this.#coalesceMs === 0) return this.#atEndOfTurn.add(outbox);
    this.#waiting.push(outbox);
    this.#timer ??= setTimeout(() => this.#flushWaiting(), this.#coalesceMs);
  }

  /** To be called when an outbox must be flushed at the end of this turn. */
  flushSoon(outbox: Outbox): void {
    if (this.#coalesceMs > 0) this.#atEndOfTurn.add(outbox);
  }

  /** Flushes all outboxes now. */
  flush(): void {
    this.#atEndOfTurn.flush();
    this.#flushWaiting();
  }

  #flushWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushAll(this.#waiting.splice(0));
  }

  #flushAll(outboxes: readonly Outbox[]): void {
    for (const outbox of outboxes) outbox.flush();
    // The shared bytes of this flush are not needed again.
    this.empty.forget();
  }
}
