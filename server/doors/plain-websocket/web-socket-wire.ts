import type { WebSocket } from "ws";
import type { Batch } from "../../deliver/batch.ts";
import type { Wire } from "../../deliver/outbox.ts";
import { pauseReading, RawSocket } from "../wire/raw-socket.ts";
import type { Source } from "../wire/read-throttle.ts";

export interface WebSocketWireOptions {
  /** The library was found to be made as we know it. */
  direct: boolean;
  /** What may wait in the library and in the stream. */
  backlogBytes: number;
  /** Told once when more waits; what is written then is dropped. */
  slow(): void;
}

/** Writes to a plain WebSocket: to the TCP socket in one go while nothing waits, else message by message. */
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

  /** Whether a write would go past the library now. */
  get isDirect(): boolean {
    return this.#raw?.isFree ?? false;
  }

  pause(): () => void {
    return pauseReading(this.#webSocket);
  }
}
