/** A WebSocket message as a client writes it. The mask is there, as it must be, and is zero. */
export function clientFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < 126 ? 6 : length < 65_536 ? 8 : 14;
  const frame = Buffer.alloc(start + length);
  frame[0] = 0x81;
  if (start === 6) frame[1] = 0x80 | length;
  else if (start === 8) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 0x80 | 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, start);
  return frame;
}

export interface FrameListener {
  /** A message that begins at `start`; `length` is that of the whole, of which the first `seen` bytes are there. */
  message(bytes: Buffer, start: number, length: number, seen: number): void;
}

/** Finds the messages in what comes from a server, and looks at no more of each than its beginning. */
export class FrameScanner {
  /** Bytes of a message that was reported and has not come as a whole. */
  #rest = 0;
  /** The beginning of a frame that is too short to be understood. */
  #beginning: Buffer | undefined;
  readonly #lookAt: number;

  /** `lookAt`: so many bytes of a message, or all of a shorter one, are there when it is reported. */
  constructor(lookAt: number) {
    this.#lookAt = lookAt;
  }

  scan(chunk: Buffer, end: number, listener: FrameListener): void {
    let at = 0;
    let bytes = chunk;
    let limit = end;
    if (this.#beginning) {
      bytes = Buffer.concat([this.#beginning, chunk.subarray(0, end)]);
      limit = bytes.length;
      this.#beginning = undefined;
    } else if (this.#rest > 0) {
      at = Math.min(this.#rest, limit);
      this.#rest -= at;
    }
    while (at < limit) {
      const have = limit - at;
      let length = have > 1 ? (bytes[at + 1] ?? 0) & 0x7f : 0;
      const head = length === 126 ? 4 : length === 127 ? 10 : 2;
      if (have > head) {
        if (head === 4) length = bytes.readUInt16BE(at + 2);
        else if (head === 10) length = Number(bytes.readBigUInt64BE(at + 2));
      }
      if (have < head || have < head + Math.min(this.#lookAt, length)) {
        this.#beginning = Buffer.from(bytes.subarray(at, limit));
        return;
      }
      const seen = Math.min(length, have - head);
      listener.message(bytes, at + head, length, seen);
      at += head + seen;
      this.#rest = length - seen;
    }
  }
}
