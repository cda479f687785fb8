import { Socket } from "node:net";

/**
 * The TCP connection under a WebSocket of the `ws` library, for whole frames written past the library. Names that
 * begin with `_` are private to the library; the server checks their meaning at its start.
 */
export class RawSocket {
  readonly tcp: Socket;
  readonly #webSocket: KnownWebSocket;

  private constructor(webSocket: KnownWebSocket) {
    this.#webSocket = webSocket;
    this.tcp = webSocket._socket;
  }

  /** `undefined` when the library's internals differ from what this class expects, or compression is on. */
  static under(webSocket: unknown): RawSocket | undefined {
    return isKnown(webSocket) && webSocket.extensions === "" ? new RawSocket(webSocket) : undefined;
  }

  /**
   * Nothing waits in the library, and in the stream only what the end of this turn will write: a write now keeps the
   * order, and does not add to the backlog of a slow reader.
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

/** Stops reading from a WebSocket until the returned function is called. */
export function pauseReading(webSocket: unknown): () => void {
  if (!canPause(webSocket)) return () => {};
  webSocket.pause();
  return () => webSocket.resume();
}

const open = 1;
/** State of a sender that is neither compressing nor reading a blob. */
const idle = 0;

interface KnownWebSocket {
  readyState: number;
  /** Negotiated extensions; compression is the only one. */
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
