import type { TextFrame } from "./text-frame.ts";

/**
 * Messages written to a connection as one piece, in order. Immutable; adding a message gives another batch.
 *
 * Connections that receive the same messages share their batches, and so the bytes, which are joined once:
 *
 *   ada:  empty ─► A ─► A B        the thousand others of the room:  the very same "A B"
 *   bob:  empty ─► reply ─► reply A ─► reply A B
 *
 * A batch remembers its latest successor, so that the next outbox which adds the same message finds it. One successor
 * is enough: an event is put into all of its subscribers' outboxes before the next event.
 */
export class Batch {
  readonly #before: Batch | undefined;
  readonly #last: TextFrame | undefined;
  /** Characters. */
  readonly size: number;
  #next: Batch | undefined;
  #bytes: Buffer | undefined;

  private constructor(before: Batch | undefined, last: TextFrame | undefined) {
    this.#before = before;
    this.#last = last;
    this.size = (before?.size ?? 0) + (last?.text.length ?? 0);
  }

  /** The batch that every connection begins with. */
  static empty(): Batch {
    return new Batch(undefined, undefined);
  }

  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** The batch with one more message. */
  with(frame: TextFrame): Batch {
    if (this.#next && this.#next.#last === frame) return this.#next;
    this.#next = new Batch(this, frame);
    return this.#next;
  }

  /** Drops the successor, which would otherwise stay in memory as long as this batch. */
  forget(): void {
    this.#next = undefined;
  }

  get frames(): TextFrame[] {
    const frames: TextFrame[] = [];
    for (let batch: Batch | undefined = this; batch; batch = batch.#before) if (batch.#last) frames.push(batch.#last);
    return frames.reverse();
  }

  /** All messages in wire format. */
  get bytes(): Buffer {
    this.#bytes ??= this.#join();
    return this.#bytes;
  }

  #join(): Buffer {
    const { frames } = this;
    const [only] = frames;
    return only && frames.length === 1 ? only.bytes : Buffer.concat(frames.map(({ bytes }) => bytes));
  }
}
