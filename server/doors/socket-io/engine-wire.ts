import type { Socket as NetSocket } from "node:net";
import type { Socket } from "socket.io";
import type { Batch } from "../../deliver/batch.ts";
import type { Wire } from "../../deliver/outbox.ts";
import { pauseReading, RawSocket } from "../wire/raw-socket.ts";
import type { Source } from "../wire/read-throttle.ts";
import { packetOf } from "./packets.ts";

type Connection = Socket["conn"];

export interface EngineWireOptions {
  /** The library was found to be made as we know it. */
  direct: boolean;
  /** What may wait in the engine. */
  backlogBytes: number;
}

/** Who is read to. */
interface Reader {
  close(reason: "slow_consumer"): void;
}

/**
 * Writes to an Engine.IO connection: to the TCP socket in one go while the engine has nothing of its own that would
 * have to go first, else packet by packet through the engine's public `write`. What the engine writes afterwards stands
 * behind in the same socket.
 *
 *   polling, upgrading, a reader that is behind, an engine we do not know ─► engine
 */
export class EngineWire implements Wire, Source {
  readonly #connection: Connection;
  readonly #options: EngineWireOptions;
  /** Changes once at most: when polling becomes a WebSocket. */
  #transport: unknown;
  #raw: RawSocket | undefined;
  /** Closed when more waits than may. */
  readonly #reader: Reader | undefined;

  constructor(connection: Connection, options: EngineWireOptions, reader?: Reader) {
    this.#connection = connection;
    this.#options = options;
    this.#reader = reader;
  }

  write(batch: Batch): void {
    const raw = this.#options.direct ? this.#freeSocket() : undefined;
    if (raw) return void raw.tcp.write(batch.bytes);
    for (const frame of batch.frames) this.#connection.write(packetOf(frame));
    if (this.#reader && this.backlogBytes() > this.#options.backlogBytes) this.#reader.close("slow_consumer");
  }

  /** Whether a write would go past the engine now. */
  get isDirect(): boolean {
    return this.#options.direct && this.#freeSocket() !== undefined;
  }

  pause(): () => void {
    // What polls has sent all that it sends.
    return pauseReading(webSocketOf(this.#connection));
  }

  /** What the engine has not handed to its transport, which takes more only when the network has taken what it had. */
  backlogBytes(): number {
    let bytes = 0;
    for (const { data } of this.#waiting()) {
      bytes += typeof data === "string" || Buffer.isBuffer(data) ? data.length : 0;
    }
    return bytes;
  }

  /** Stays the same for as long as the network takes nothing of what waits. */
  oldestUnsent(): unknown {
    return this.#waiting()[0];
  }

  #freeSocket(): RawSocket | undefined {
    const { transport, upgrading, readyState } = this.#connection;
    if (upgrading || readyState !== "open" || this.#waiting().length > 0) return undefined;
    if (transport !== this.#transport) {
      this.#transport = transport;
      this.#raw = RawSocket.under(webSocketOf(this.#connection));
    }
    return this.#raw?.isFree ? this.#raw : undefined;
  }

  #waiting(): readonly { data?: unknown }[] {
    // biome-ignore lint/complexity/useLiteralKeys: private in the library's types, and the only place where a backlog shows.
    return this.#connection["writeBuffer"];
  }
}

/** The TCP connection under one that has a WebSocket. */
export function tcpUnder(connection: Connection): NetSocket | undefined {
  return RawSocket.under(webSocketOf(connection))?.tcp;
}

/** The WebSocket of a connection that has one. */
function webSocketOf({ transport }: Connection): unknown {
  return transport.name === "websocket" && "socket" in transport ? transport.socket : undefined;
}
