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
   * Nothing waits in the library. Nothing waits in the TCP stream either, unless the stream is corked until the end of
   * this turn (`cork.ts`), which is no backlog. So a write now keeps the order, and the reader is not a slow one.
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

/** Stops reading from a WebSocket until the returned function is called. Without effect where it cannot be paused. */
export function pauseReading(webSocket: unknown): () => void {
  const [pause, resume] = [methodOf(webSocket, "pause"), methodOf(webSocket, "resume")];
  if (!pause || !resume) return () => {};
  pause();
  return resume;
}

/** Ends a WebSocket at once, where it can. */
export function terminate(webSocket: unknown): void {
  methodOf(webSocket, "terminate")?.();
}

/**
 * Sets the maximum size of messages from one WebSocket. The library has one limit for all clients. If its internals are
 * unknown, the limit remains that of unauthenticated clients.
 */
export function allowBytes(webSocket: unknown, bytes: number): void {
  const receiver = partOf(webSocket, "_receiver");
  if (typeof partOf(receiver, "_maxPayload") === "number") Reflect.set(Object(receiver), "_maxPayload", bytes);
}

/** The parts of a WebSocket that are missing, or of another type than this module expects. */
export function unknownPartsOf(webSocket: unknown): string[] {
  const sender = partOf(webSocket, "_sender");
  const known = {
    readyState: typeof partOf(webSocket, "readyState") === "number",
    extensions: typeof partOf(webSocket, "extensions") === "string",
    _socket: partOf(webSocket, "_socket") instanceof Socket,
    "_sender._state": typeof partOf(sender, "_state") === "number",
    "_sender._queue": Array.isArray(partOf(sender, "_queue")),
    "_receiver._maxPayload": typeof partOf(partOf(webSocket, "_receiver"), "_maxPayload") === "number",
    pause: methodOf(webSocket, "pause"),
    resume: methodOf(webSocket, "resume"),
    terminate: methodOf(webSocket, "terminate"),
  };
  return Object.entries(known).flatMap(([name, isKnown]) => (isKnown ? [] : [name]));
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

const isKnown = (value: unknown): value is KnownWebSocket => unknownPartsOf(value).length === 0;

function partOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function methodOf(value: unknown, name: string): (() => void) | undefined {
  const found = partOf(value, name);
  return typeof found === "function" ? () => void Reflect.apply(found, value, []) : undefined;
}
