import type { WebSocket } from "ws";
import type { Batch } from "../../deliver/batch.ts";
import type { Wire } from "../../deliver/outbox.ts";
import { pauseReading, RawSocket } from "../wire/raw-socket.ts";
import type { Source } from "../wire/read-throttle.ts";

interface WebSocketWireOptions {
  /** Whether frames may be written past the library, according to `wire/self-check.ts`. */
  direct: boolean;
  /** Bytes that may wait in the library and in the stream. */
  backlogBytes: number;
  /** Called once when more bytes are waiting. Must close the WebSocket: once it is closing, writes do nothing. */
  slow(): void;
}

/** Writes to a plain WebSocket: directly to the TCP socket in one write while nothing waits, else frame by frame. */
export class WebSocketWire implements Wire, Source {
  readonly #webSocket: WebSocket;
  readonly #options: WebSocketWireOptions;
  readonly #raw: RawSocket | undefined;
  #isSlow = false;

  constructor(webSocket: WebSocket, options: WebSocketWireOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
    this.#raw = options.direct ? RawSocket.under(webSocket) : undefined;
  }

  write(batch: Batch): void {
    if (this.#raw?.isFree) return void this.#raw.tcp.write(batch.bytes);
    if (!this.#isSlow && this.#webSocket.bufferedAmount > this.#options.backlogBytes) {
      this.#isSlow = true;
      return this.#options.slow();
    }
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    for (const { text } of batch.frames) this.#webSocket.send(text);
  }

  abort(): void {
    this.#webSocket.terminate();
  }

  /** Whether a write now would bypass the library. */
  get isDirect(): boolean {
    return this.#raw?.isFree ?? false;
  }

  pause(): () => void {
    return pauseReading(this.#webSocket);
  }
}
