/** A WebSocket text message from server to client. Encoded once for all receivers. */
export class TextFrame {
  readonly text: string;
  #bytes: Buffer | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** The frame of RFC 6455, section 5.2: unfragmented, unmasked, uncompressed. */
  get bytes(): Buffer {
    this.#bytes ??= frame(this.text);
    return this.#bytes;
  }
}

/** FIN, and the opcode of text. */
const wholeText = 0x81;

function frame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(start + length);
  bytes[0] = wholeText;
  if (start === 2) {
    bytes[1] = length;
  } else if (start === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, start);
  return bytes;
}
