import type { Socket as NetSocket } from "node:net";
import type { Socket } from "socket.io";
import type { Batch } from "../../deliver/batch.ts";
import type { Wire } from "../../deliver/outbox.ts";
import { pauseReading, RawSocket, terminate, unknownPartsOf } from "../wire/raw-socket.ts";
import type { Source } from "../wire/read-throttle.ts";
import type { EngineBacklog } from "./engine-backlog.ts";
import { packetOf } from "./packets.ts";

type Connection = Socket["conn"];

export interface EngineWireOptions {
  /** Whether frames may be written past the library, according to `wire/self-check.ts`. */
  direct: boolean;
  /** Bytes that may wait in the engine. */
  backlogBytes: number;
}

/** The session of the connection, as far as the wire uses it. */
interface ClosableSession {
  close(reason: "slow_consumer"): void;
}

/**
 * Writes to an Engine.IO connection: directly to the TCP socket in one write while the engine has nothing queued, else
 * packet by packet with the engine's public `write`. Later writes of the engine go to the same socket and so keep the
 * order.
 *
 *   polling, upgrading, a slow reader, an engine with unknown internals ─► engine
 */
export class EngineWire implements Wire, Source {
  readonly #connection: Connection;
  readonly #backlog: EngineBacklog;
  readonly #options: EngineWireOptions;
  /** Changes at most once, when polling is upgraded to a WebSocket. */
  #transport: unknown;
  #raw: RawSocket | undefined;
  /** Closed when the backlog exceeds its limit. */
  readonly #session: ClosableSession | undefined;

  constructor(connection: Connection, backlog: EngineBacklog, options: EngineWireOptions, session?: ClosableSession) {
    this.#connection = connection;
    this.#backlog = backlog;
    this.#options = options;
    this.#session = session;
  }

  write(batch: Batch): void {
    const raw = this.#freeSocket();
    if (raw) return void raw.tcp.write(batch.bytes);
    for (const frame of batch.frames) this.#connection.write(packetOf(frame));
    if (this.#session && this.#backlog.bytes > this.#options.backlogBytes) this.#session.close("slow_consumer");
  }

  /** Drops the backlog with the connection: a clean close would keep it until the client reads. */
  abort(): void {
    const webSocket = webSocketOf(this.#connection);
    this.#connection.close(true);
    terminate(webSocket);
  }

  /** Whether a write now would bypass the engine. */
  get isDirect(): boolean {
    return this.#freeSocket() !== undefined;
  }

  pause(): () => void {
    // A polling client sends only with its requests, which have arrived in full.
    return pauseReading(webSocketOf(this.#connection));
  }

  #freeSocket(): RawSocket | undefined {
    const { transport, upgrading, readyState } = this.#connection;
    if (!this.#options.direct || upgrading || readyState !== "open" || !this.#backlog.isEmpty) return undefined;
    if (transport !== this.#transport) {
      this.#transport = transport;
      this.#raw = RawSocket.under(webSocketOf(this.#connection));
    }
    return this.#raw?.isFree ? this.#raw : undefined;
  }
}

/** The TCP connection under a connection with a WebSocket transport. */
export function tcpUnder(connection: Connection): NetSocket | undefined {
  return RawSocket.under(webSocketOf(connection))?.tcp;
}

/** The internals that a connection with a WebSocket transport lacks. */
export function unknownEnginePartsOf(connection: Connection): string[] {
  const webSocket = webSocketOf(connection);
  return webSocket === undefined ? ["transport.socket"] : unknownPartsOf(webSocket);
}

/** The WebSocket of a connection that has one. */
export function webSocketOf({ transport }: Connection): unknown {
  return transport.name === "websocket" && "socket" in transport ? transport.socket : undefined;
}
