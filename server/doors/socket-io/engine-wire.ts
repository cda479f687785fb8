import type { Socket } from "socket.io";
import type { Batch } from "../../deliver/batch.ts";
import type { Wire } from "../../deliver/outbox.ts";
import { type RawSocket, rawSocketOf } from "../wire/raw-socket.ts";
import { packetOf } from "./packets.ts";

type Connection = Socket["conn"];

/**
 * Writes to an Engine.IO connection: to the TCP socket in one go while the engine has nothing of its own that would
 * have to go first, else packet by packet through the engine's public `write`. What the engine writes afterwards stands
 * behind in the same socket.
 *
 *   polling, upgrading, a reader that is behind, an engine we do not know ─► engine
 */
export class EngineWire implements Wire {
  readonly #connection: Connection;
  /** The library was found to be made as we know it. */
  readonly #direct: boolean;
  /** Changes once at most: when polling becomes a WebSocket. */
  #transport: unknown;
  #raw: RawSocket | undefined;

  constructor(connection: Connection, { direct }: { direct: boolean }) {
    this.#connection = connection;
    this.#direct = direct;
  }

  write(batch: Batch): void {
    const raw = this.#direct ? this.#freeSocket() : undefined;
    if (raw) raw.tcp.write(batch.bytes);
    else for (const frame of batch.frames) this.#connection.write(packetOf(frame));
  }

  /** What the engine has not handed to its transport, which takes more only when the network has taken what it had. */
  backlogBytes(): number {
    let bytes = 0;
    for (const { data } of this.#waiting()) {
      bytes += typeof data === "string" || Buffer.isBuffer(data) ? data.length : 0;
    }
    return bytes;
  }

  #freeSocket(): RawSocket | undefined {
    const { transport, upgrading, readyState } = this.#connection;
    if (upgrading || readyState !== "open" || this.#waiting().length > 0) return undefined;
    if (transport !== this.#transport) {
      this.#transport = transport;
      this.#raw = transport.name === "websocket" && "socket" in transport ? rawSocketOf(transport.socket) : undefined;
    }
    return this.#raw?.isFree() ? this.#raw : undefined;
  }

  #waiting(): readonly { data?: unknown }[] {
    // biome-ignore lint/complexity/useLiteralKeys: private in the library's types, and the only place where a backlog shows.
    return this.#connection["writeBuffer"];
  }
}
