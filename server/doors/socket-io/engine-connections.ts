import type { Socket } from "socket.io";
import type { DisconnectReason } from "../../../shared/disconnect-reason.ts";
import { limits } from "../../../shared/limits.ts";
import { bytesOfLargest } from "../../../shared/message-bytes.ts";
import type { Admission } from "../../connect/admission.ts";
import { createPacketBucket, type PacketBucket, type PacketKind } from "../../connect/packet-buckets.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Session } from "../../session/session.ts";
import { tooLarge } from "../wire/ending.ts";
import { NotifyingWebSocket } from "../wire/notifying-web-socket.ts";
import { allowBytes } from "../wire/raw-socket.ts";
import { EngineBacklog } from "./engine-backlog.ts";
import { webSocketOf } from "./engine-wire.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

type Connection = Socket["conn"];

interface Known {
  /** One for each namespace that the client has entered over the connection. */
  sessions: readonly Session[];
  /** The client's network, as counted by {@link Admission}. */
  readonly place: string;
  readonly backlog: EngineBacklog;
  /** Created when first needed. */
  entering?: PacketBucket;
  others?: PacketBucket;
}

interface EngineConnectionsOptions {
  admission: Pick<Admission, "entered" | "left">;
  /** `LIMIT_MESSAGE_BYTES` */
  messageBytes: number;
  clock: Clock;
  logger: Logger;
}

/** Bytes of a packet in addition to its message. */
const packetBytes = 1_024;

/** The packet types of Socket.IO that are counted separately. */
const connectPacket = "0";
const eventPacket = "2";

/**
 * State of Engine.IO connections: their network, the packets they send other than commands, and the sessions that share
 * them. Without closures, since there would be thousands of each.
 */
export class EngineConnections {
  readonly #known = new WeakMap<object, Known>();
  readonly #options: EngineConnectionsOptions;
  readonly #byId = new Map<string, Connection>();

  constructor({ engine }: SocketIoServer, options: EngineConnectionsOptions) {
    this.#options = options;
    const receive = this.#receive.bind(this);
    const left = this.#left.bind(this);
    function onPacket(this: Connection, packet: { type: string; data?: unknown }): void {
      receive(this, packet);
    }
    const known = this.#known;
    function onPacketCreate(this: Connection, packet: { data?: unknown }): void {
      known.get(this)?.backlog.add(packet);
    }
    function onFlush(this: Connection): void {
      known.get(this)?.backlog.clear();
    }
    const limit = this.limit.bind(this);
    function onUpgrade(this: Connection): void {
      limit(this);
    }
    function onClose(this: Connection): void {
      left(this);
    }
    engine.on("connection", (connection: Connection) => {
      const place = options.admission.entered(connection.request);
      known.set(connection, { sessions: nobody, place, backlog: new EngineBacklog() });
      this.#byId.set(idOf(connection), connection);
      connection.on("upgrade", onUpgrade);
      connection.on("packetCreate", onPacketCreate);
      connection.on("flush", onFlush);
      connection.on("packet", onPacket);
      connection.on("close", onClose);
    });
  }

  backlogOf(connection: Connection): EngineBacklog {
    return this.#known.get(connection)?.backlog ?? new EngineBacklog();
  }

  add(connection: Connection, session: Session): void {
    const known = this.#known.get(connection);
    if (!known) return;
    known.sessions = [...known.sessions, session];
    this.limit(connection);
  }

  remove(connection: Connection, session: Session): void {
    const known = this.#known.get(connection);
    if (known) known.sessions = known.sessions.filter((other) => other !== session);
  }

  /** Limits the next messages of the connection, once the roles of its client are known. */
  limit(connection: Connection): void {
    const sessions = this.#known.get(connection)?.sessions ?? nobody;
    if (sessions.length === 0) return;
    const bytes = this.#packetBytesOf(sessions);
    // Of long polling.
    if ("maxHttpBufferSize" in connection.transport) connection.transport.maxHttpBufferSize = bytes;
    const webSocket = webSocketOf(connection);
    allowBytes(webSocket, bytes);
    if (!(webSocket instanceof NotifyingWebSocket)) return;
    webSocket.onTooLarge ??= () => this.#explain(connection);
  }

  /** Bytes that the connection with this id may send at once. */
  packetBytes(id: string): number {
    const connection = this.#byId.get(id);
    return this.#packetBytesOf((connection && this.#known.get(connection)?.sessions) ?? nobody);
  }

  /** Ends the connection with this id for a message that is too large. */
  refuse(id: string): void {
    const connection = this.#byId.get(id);
    if (!connection) return;
    this.#explain(connection);
    connection.close();
  }

  /** The connection ends with one of its sessions: notifies and ends the others. */
  end(connection: Connection, reason: DisconnectReason): void {
    for (const session of this.#known.get(connection)?.sessions ?? nobody) session.close(reason);
  }

  /**
   * Ends a connection that sends excessive packets, before anything is parsed. Events are counted by the router, which
   * knows their sessions.
   */
  #receive(connection: Connection, { type, data }: { type: string; data?: unknown }): void {
    const known = this.#known.get(connection);
    if (!known) return;
    const { clock, logger } = this.#options;
    const now = clock.monotonicMs();
    for (const session of known.sessions) session.lastSeenMs = now;
    const kind = type === "message" && typeof data === "string" ? data.charAt(0) : "";
    if (kind === eventPacket) return;
    const which: PacketKind = kind === connectPacket ? "entering" : "others";
    known[which] ??= createPacketBucket(which, clock);
    if (known[which].take() === 0) return;
    logger.warn("connection closed", {
      reason: "rate_limited",
      what: which === "entering" ? "CONNECT packets" : "packets",
    });
    this.end(connection, "rate_limited");
    connection.close(true);
  }

  #packetBytesOf(sessions: readonly Session[]): number {
    const roles = sessions.flatMap(({ principal }) => principal.roles);
    const { messageBytes } = this.#options;
    return Math.max(sessions.length === 0 ? 0 : bytesOfLargest(roles, messageBytes), limits.resultBytes) + packetBytes;
  }

  #explain(connection: Connection): void {
    const sessions = this.#known.get(connection)?.sessions ?? nobody;
    const error = tooLarge(this.#packetBytesOf(sessions));
    for (const session of sessions) {
      session.send("system.error", { command: null, error });
      session.close("protocol_error");
    }
  }

  #left(connection: Connection): void {
    this.#byId.delete(idOf(connection));
    const known = this.#known.get(connection);
    if (known) this.#options.admission.left(known.place);
  }
}

const nobody: readonly Session[] = [];

/** Documented, but hidden by the library's types. Without it every client of long polling counts as unauthenticated. */
const idOf = (connection: Connection): string => String(Reflect.get(connection, "id"));
