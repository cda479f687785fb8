import type { Socket } from "socket.io";
import type { DisconnectReason } from "../../../shared/disconnect-reason.ts";
import type { Admission } from "../../connect/admission.ts";
import { createPacketBucket, type PacketBucket, type PacketKind } from "../../connect/packet-buckets.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Session } from "../../session/session.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

type Connection = Socket["conn"];

interface Known {
  /** One for each namespace that the client has entered by the connection. */
  sessions: readonly Session[];
  /** Where it comes from, as {@link Admission} counts it. */
  readonly place: string;
  /** Both absent until they are needed. */
  entering?: PacketBucket;
  others?: PacketBucket;
}

export interface EngineConnectionsOptions {
  admission: Pick<Admission, "entered" | "left">;
  clock: Clock;
  logger: Logger;
}

/** Of Socket.IO's packets, the two whose number is not limited here alone. */
const connectPacket = "0";
const eventPacket = "2";

/**
 * What is known of the connections of the engine, whoever they belong to: where they come from, what they send beside
 * commands, and which sessions share one. No closures: each would be there thousands of times.
 */
export class EngineConnections {
  readonly #known = new WeakMap<object, Known>();
  readonly #options: EngineConnectionsOptions;

  constructor({ engine }: SocketIoServer, options: EngineConnectionsOptions) {
    this.#options = options;
    const heard = this.#heard.bind(this);
    const left = this.#left.bind(this);
    function onPacket(this: Connection, packet: { type: string; data?: unknown }): void {
      heard(this, packet);
    }
    function onClose(this: Connection): void {
      left(this);
    }
    engine.on("connection", (connection: Connection) => {
      this.#known.set(connection, { sessions: nobody, place: options.admission.entered(connection.request) });
      connection.on("packet", onPacket);
      connection.on("close", onClose);
    });
  }

  add(connection: Connection, session: Session): void {
    const known = this.#known.get(connection);
    if (known) known.sessions = [...known.sessions, session];
  }

  remove(connection: Connection, session: Session): void {
    const known = this.#known.get(connection);
    if (known) known.sessions = known.sessions.filter((other) => other !== session);
  }

  /** The connection ends with one of its sessions: the others are told as well. */
  end(connection: Connection, reason: DisconnectReason): void {
    for (const session of this.#known.get(connection)?.sessions ?? nobody) session.close(reason);
  }

  /**
   * Ends a connection that sends packets beyond any need, before anything is parsed. Events are left to the router, which
   * knows whose they are.
   */
  #heard(connection: Connection, { type, data }: { type: string; data?: unknown }): void {
    const known = this.#known.get(connection);
    if (!known) return;
    const { clock, logger } = this.#options;
    const now = clock.now();
    for (const session of known.sessions) session.lastSeenAt = now;
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

  #left(connection: Connection): void {
    const known = this.#known.get(connection);
    if (known) this.#options.admission.left(known.place);
  }
}

const nobody: readonly Session[] = [];
