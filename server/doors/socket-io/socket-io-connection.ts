import type { DefaultEventsMap, Socket } from "socket.io";
import { type DisconnectReason, disconnectReasons } from "../../../shared/disconnect-reason.ts";
import type { Namespace } from "../../../shared/namespace.ts";
import { type FlushScheduler, Outbox } from "../../deliver/outbox.ts";
import type { SubscriberIndex } from "../../deliver/subscriber-index.ts";
import type { Respond, Router } from "../../route/router.ts";
import type { LoopTurns } from "../../runtime/loop-turns.ts";
import type { Channel } from "../../session/channel.ts";
import type { Session, Transport } from "../../session/session.ts";
import { ReadThrottle } from "../wire/read-throttle.ts";
import { replyJson } from "../wire/reply-json.ts";
import { arrivalOf } from "./contract-parser.ts";
import type { EngineBacklog } from "./engine-backlog.ts";
import type { EngineConnections } from "./engine-connections.ts";
import { EngineWire, type EngineWireOptions } from "./engine-wire.ts";
import { eventFrame, replyFrame } from "./packets.ts";
import type { AcceptedSocket, NoEvents } from "./socket-io-server.ts";

export type SessionSocket = Socket<NoEvents, DefaultEventsMap, NoEvents, AcceptedSocket>;

/** Dependencies shared by all connections of a namespace. */
export interface ConnectionDeps extends EngineWireOptions {
  name: Namespace;
  router: Router;
  scheduler: FlushScheduler;
  turns: LoopTurns;
  subscribers: SubscriberIndex;
  engineConnections: EngineConnections;
}

/** A client in a namespace: turns its packets into commands, and writes messages to it through its outbox. */
export class SocketIoConnection implements Transport {
  readonly #socket: SessionSocket;
  readonly #session: Session;
  readonly #deps: ConnectionDeps;
  readonly #backlog: EngineBacklog;
  readonly #wire: EngineWire;
  readonly #outbox: Outbox;
  /** Created with the first command: most connections only receive. */
  #intake: ReadThrottle | undefined;

  constructor(socket: SessionSocket, session: Session, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#session = session;
    this.#deps = deps;
    this.#backlog = deps.engineConnections.backlogOf(socket.conn);
    this.#wire = new EngineWire(socket.conn, this.#backlog, deps, session);
    this.#outbox = new Outbox(deps.scheduler, this.#wire);
    deps.engineConnections.add(socket.conn, session);
    // Every event of a client is a command, whatever its name; none reaches an event emitter.
    socket.use((packet) => this.#take(packet));
  }

  send(name: string, data: unknown): void {
    this.#outbox.send(eventFrame(this.#deps.name, name, JSON.stringify(data) ?? "null"));
  }

  ask(name: string, data: unknown, timeoutMs: number): Promise<unknown> {
    // Messages sent before keep their place in front.
    this.#outbox.flush();
    return this.#socket.timeout(timeoutMs).emitWithAck(name, data);
  }

  join(channel: Channel): void {
    this.#deps.subscribers.join(channel, this.#outbox);
  }

  leave(channel: Channel): void {
    this.#deps.subscribers.leave(channel, this.#outbox);
  }

  refreshed(): void {
    this.#deps.engineConnections.limit(this.#socket.conn);
  }

  backlogBytes(): number {
    return this.#outbox.size + this.#backlog.bytes;
  }

  oldestUnsent(): unknown {
    return this.#backlog.oldest;
  }

  close(reason: DisconnectReason): void {
    const { conn } = this.#socket;
    if (reason === "slow_consumer") return this.#wire.abort();
    this.#outbox.flush();
    // Stock clients reconnect when the engine's connection ends, but not when the namespace is left.
    if (disconnectReasons[reason].client === "reconnect") {
      this.#deps.engineConnections.end(conn, reason);
      conn.close();
    } else this.#socket.disconnect(reason === "rate_limited");
  }

  /** Writes the queued messages now. */
  flush(): void {
    this.#outbox.flush();
  }

  /** Ends the connection of a client that violates the protocol. */
  refuse(): void {
    this.#session.close("protocol_error");
  }

  /** The client has disconnected or left the namespace. */
  end(reason: string): void {
    const { conn } = this.#socket;
    this.#deps.engineConnections.remove(conn, this.#session);
    this.#outbox.close();
    void this.#session.closed(reason);
  }

  #take(packet: unknown[]): void {
    const { bytes, id, text } = arrivalOf(packet);
    const last = packet.at(-1);
    const [command, ...payloads] = typeof last === "function" ? packet.slice(0, -1) : packet;
    const payload = payloads.length > 1 ? payloads : payloads[0];
    const respond = typeof last === "function" ? this.#respondTo(id, last as Respond) : undefined;
    this.#intake ??= new ReadThrottle(this.#deps.turns, this.#wire);
    this.#intake.take(() => {
      void this.#deps.router.handle({ session: this.#session, command, payload, bytes, text, isFrame: true }, respond);
    });
  }

  #respondTo(id: number | undefined, callback: Respond): Respond {
    // The library's callback would write at once; through the outbox the reply shares a write with events.
    if (id !== undefined) return (reply) => this.#outbox.send(replyFrame(this.#deps.name, id, replyJson(reply)));
    return (reply) => {
      this.#outbox.flush();
      callback(reply);
    };
  }
}
