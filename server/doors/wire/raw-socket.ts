import { Socket } from "node:net";

/**
 * The TCP connection under a WebSocket of the `ws` library, for whole frames that are written past it.
 * The names that begin with `_` are the library's own; that they mean what we think is looked at when the server starts.
 */
export class RawSocket {
  readonly tcp: Socket;
  readonly #webSocket: KnownWebSocket;

  private constructor(webSocket: KnownWebSocket) {
    this.#webSocket = webSocket;
    this.tcp = webSocket._socket;
  }

  /** `undefined` when it is made differently from what we know, or would have to compress. */
  static under(webSocket: unknown): RawSocket | undefined {
    return isKnown(webSocket) && webSocket.extensions === "" ? new RawSocket(webSocket) : undefined;
  }

  /**
   * Nothing waits in the library, and in the stream at most what waits for the end of this turn: a write now stands
   * behind all that was written before, and is not one more for a reader that is behind.
   */
  get isFree(): boolean {
    const { readyState, _sender: sender } = this.#webSocket;
    return (
      readyState === open &&
      sender._state === idle &&
      sender._queue.length === 0 &&
      (this.tcp.writableLength === 0 || this.tcp.writableCorked > 0) &&
      this.tcp.writable
    );
  }
}

/** Lets a WebSocket read no more, until the function that is returned is called. */
export function pauseReading(webSocket: unknown): () => void {
  if (!canPause(webSocket)) return () => {};
  webSocket.pause();
  return () => webSocket.resume();
}

const open = 1;
/** Of a sender that neither compresses nor reads what it is to send. */
const idle = 0;

interface KnownWebSocket {
  readyState: number;
  /** Those that were agreed on; compression is the only one there is. */
  extensions: string;
  _socket: Socket;
  _sender: { _state: number; _queue: unknown[] };
}

function isKnown(value: unknown): value is KnownWebSocket {
  return (
    has(value, "readyState") &&
    has(value, "extensions") &&
    has(value, "_socket") &&
    value._socket instanceof Socket &&
    has(value, "_sender") &&
    has(value._sender, "_state") &&
    typeof value._sender._state === "number" &&
    has(value._sender, "_queue") &&
    Array.isArray(value._sender._queue)
  );
}

function canPause(value: unknown): value is { pause(): void; resume(): void } {
  return (
    has(value, "pause") &&
    has(value, "resume") &&
    typeof value.pause === "function" &&
    typeof value.resume === "function"
  );
}

function has<Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> {
  return typeof value === "object" && value !== null && key in value;
}
