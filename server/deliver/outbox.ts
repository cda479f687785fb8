import { EndOfTurn } from "../runtime/end-of-turn.ts";
import { Batch } from "./batch.ts";
import type { TextFrame } from "./text-frame.ts";

/** What brings a connection's messages out. */
export interface Wire {
  /** Synchronous, and behind everything that was written before. */
  write(batch: Batch): void;
}

/**
 * The messages of one connection, in the order in which they were put here. They go out together when the turn of the
 * event loop ends: writing costs per write, and hardly per message.
 */
export class Outbox {
  readonly #rounds: FlushScheduler;
  readonly #wire: Wire;
  #batch: Batch;
  #closed = false;
  /** The event that was put here last, by its number: a receiver in several channels gets it once. */
  latest = 0;

  constructor(rounds: FlushScheduler, wire: Wire) {
    this.#rounds = rounds;
    this.#wire = wire;
    this.#batch = rounds.empty;
  }

  /** How much waits here, in characters. */
  get size(): number {
    return this.#batch.size;
  }

  /** For what can be gathered with more of its kind, for as long as the setting says. */
  put(frame: TextFrame): void {
    if (this.#closed) return;
    if (this.#batch.isEmpty) this.#rounds.schedule(this);
    this.#batch = this.#batch.with(frame);
    if (this.#batch.size > maxBatch) this.flush();
  }

  /** For what somebody waits for: goes out when this turn ends, together with what was put here before. */
  send(frame: TextFrame): void {
    this.put(frame);
    this.#rounds.flushSoon(this);
  }

  /** Writes now. */
  flush(): void {
    if (this.#batch.isEmpty) return;
    const batch = this.#batch;
    this.#batch = this.#rounds.empty;
    this.#wire.write(batch);
  }

  /** What is still here is dropped, and what comes too. */
  close(): void {
    this.#closed = true;
    this.#batch = this.#rounds.empty;
  }
}

/** A reader should not be given more at once than the network takes, in characters. */
const maxBatch = 256 * 1024;

/** Sees to it that outboxes are emptied. */
export class FlushScheduler {
  readonly empty = Batch.empty();
  readonly #coalesceMs: number;
  readonly #atEndOfTurn = new EndOfTurn<Outbox>((outboxes) => this.#flushAll(outboxes));
  /** Those that wait for `coalesceMs`. */
  #waiting: Outbox[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `coalesceMs`: for how long events are gathered. 0: for the rest of the turn in which they come. */
  constructor({ coalesceMs }: { coalesceMs: number }) {
    this.#coalesceMs = coalesceMs;
  }

  /** To be called when something was put into an empty outbox. */
  schedule(outbox: Outbox): void {
    if (this.#coalesceMs === 0) return this.#atEndOfTurn.add(outbox);
    this.#waiting.push(outbox);
    this.#timer ??= setTimeout(() => this.#flushWaiting(), this.#coalesceMs);
  }

  /** To be called when an outbox must not wait for longer than the turn. */
  flushSoon(outbox: Outbox): void {
    if (this.#coalesceMs > 0) this.#atEndOfTurn.add(outbox);
  }

  /** Empties all of them now. */
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
    this.empty.forget();
  }
}
