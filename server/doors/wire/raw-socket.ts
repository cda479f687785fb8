import { Socket } from "node:net";

/** The TCP connection under a WebSocket of the `ws` library, for whole frames that are written past it. */
export interface RawSocket {
  readonly tcp: Socket;
  /** Nothing waits in the library or in the stream: a write now stands behind all that was written before. */
  isFree(): boolean;
}

/** `undefined` when it is made differently from what we know, or would have to compress. */
export function rawSocketOf(webSocket: unknown): RawSocket | undefined {
  if (!isWebSocket(webSocket) || webSocket.extensions !== "") return undefined;
  const { _socket: tcp, _sender: sender } = webSocket;
  return {
    tcp,
    isFree: () =>
      webSocket.readyState === open &&
      sender._state === idle &&
      sender._queue.length === 0 &&
      tcp.writableLength === 0 &&
      tcp.writable,
  };
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

function isWebSocket(value: unknown): value is KnownWebSocket {
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

function has<Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> {
  return typeof value === "object" && value !== null && key in value;
}
