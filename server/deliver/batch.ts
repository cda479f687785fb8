import type { TextFrame } from "./text-frame.ts";

/**
 * Messages that go to a connection in one piece, in their order. Never changes; who adds to it has another one.
 *
 * Connections that get the same messages share the same batches, and so the bytes, which are put together once:
 *
 *   ada:  empty ─► A ─► A B        the thousand others of the room:  the very same "A B"
 *   bob:  empty ─► reply ─► reply A ─► reply A B
 *
 * To find the batch that somebody else's addition has made, each remembers its latest successor. That is enough: an
 * event goes to all of its subscribers before there is another.
 */
export class Batch {
  readonly #before: Batch | undefined;
  readonly #last: TextFrame | undefined;
  /** How much it is, in characters. */
  readonly size: number;
  #next: Batch | undefined;
  #bytes: Buffer | undefined;

  private constructor(before: Batch | undefined, last: TextFrame | undefined) {
    this.#before = before;
    this.#last = last;
    this.size = (before?.size ?? 0) + (last?.text.length ?? 0);
  }

  /** What every connection begins with. */
  static empty(): Batch {
    return new Batch(undefined, undefined);
  }

  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** The batch that has one message more. */
  with(frame: TextFrame): Batch {
    if (this.#next && this.#next.#last === frame) return this.#next;
    this.#next = new Batch(this, frame);
    return this.#next;
  }

  /** Lets go of the successor, which would be kept for as long as this one. */
  forget(): void {
    this.#next = undefined;
  }

  get frames(): TextFrame[] {
    const frames: TextFrame[] = [];
    for (let batch: Batch | undefined = this; batch; batch = batch.#before) if (batch.#last) frames.push(batch.#last);
    return frames.reverse();
  }

  /** All messages as they go over the wire. */
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
