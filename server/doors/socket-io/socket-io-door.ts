import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Socket as NetSocket } from "node:net";
import type { DefaultEventsMap, Socket, Namespace as SocketIoNamespace } from "socket.io";
import { disconnectReasons } from "../../../shared/disconnect-reason.ts";
import { type Namespace, namespaces } from "../../../shared/namespace.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type ReplyError, replyError } from "../../../shared/reply.ts";
import { namespaceOfKind, parseRoom } from "../../../shared/room.ts";
import type { Clock } from "../../clock.ts";
import type { Admission } from "../../connect/admission.ts";
import type { Connector, Opening } from "../../connect/connector.ts";
import type { Drain } from "../../connect/drain.ts";
import { headerToken } from "../../connect/header-token.ts";
import { Outbox, type Rounds } from "../../deliver/outbox.ts";
import type { Outlet } from "../../deliver/outlet.ts";
import { Receivers } from "../../deliver/receivers.ts";
import { jsonOf } from "../../event-json.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Respond, Router } from "../../route/router.ts";
import type { Transport } from "../../session/session.ts";
import { Intake, type Turns } from "../wire/intake.ts";
import { replyJson } from "../wire/reply-json.ts";
import { admitConnections } from "./admit-connections.ts";
import { arrivalOf } from "./contract-parser.ts";
import { EngineWire } from "./engine-wire.ts";
import { eventFrame, replyFrame } from "./packets.ts";
import { refuseHandshakes } from "./refuse-handshakes.ts";
import { SharedConnections } from "./shared-connections.ts";
import type { NoEvents, SocketIoServer } from "./socket-io-server.ts";

export interface SocketIoDoorOptions {
  io: SocketIoServer;
  httpServer: HttpServer;
  connector: Connector;
  router: Router;
  drain: Drain;
  admission: Admission;
  clock: Clock;
  logger: Logger;
  adminEnabled: boolean;
  rounds: Rounds;
  turns: Turns;
  /** Whether the library was found to be made so that whole frames can be written past it. */
  direct: boolean;
  /** What a connection may leave unread. */
  backlogBytes: number;
  /** What has been delivered. */
  counters: { deliveries: number };
}

export interface SocketIoDoor extends Outlet {
  close(): Promise<void>;
}

/** How long answers that are under way may take when the door closes. */
const closeGraceMs = 500;

type SessionSocket = Socket<NoEvents, DefaultEventsMap, NoEvents, { opening?: Opening }>;

/** Socket.IO clients of any make. */
export function createSocketIoDoor(options: SocketIoDoorOptions): SocketIoDoor {
  const { io, httpServer } = options;
  io.attach(httpServer);
  refuseHandshakes(io, options.drain);
  admitConnections(io, options);

  const open = new Set<NetSocket>();
  httpServer.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });

  refuseEverybody(io.of("/"));
  const served = new Map<Namespace, Receivers>();
  const shared = new SharedConnections();
  for (const name of namespaces) {
    const receivers = new Receivers(options.counters);
    if (name === "/admin" && !options.adminEnabled) refuseEverybody(io.of(name));
    else serve(io.of(name), { ...options, name, receivers, shared });
    served.set(name, receivers);
  }

  return {
    deliver(event, audiences) {
      const namespace = namespaceOfKind[parseRoom(event.room).kind];
      served.get(namespace)?.post(audiences, () => eventFrame(namespace, event.type, jsonOf(event)));
    },
    async close() {
      options.rounds.flush();
      // Closes the engine's connections, not the namespaces: a stock client comes back by itself.
      io.engine.close();
      const closed = new Promise<void>((resolve) => void io.close(() => resolve()));
      // A peer that does not answer the close would be waited for: 30 s for a WebSocket, for ever for a connection
      // that a browser has opened ahead of time and not used.
      const late = setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, closeGraceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

type OpenNamespace = SocketIoNamespace<NoEvents, DefaultEventsMap, NoEvents, { opening?: Opening }>;

function refuseEverybody(namespace: OpenNamespace): void {
  namespace.use((_socket, next) => {
    next(connectError(replyError("forbidden", `The namespace ${namespace.name} is closed.`)));
  });
}

interface Served extends SocketIoDoorOptions {
  name: Namespace;
  receivers: Receivers;
  shared: SharedConnections;
}

function serve(namespace: OpenNamespace, options: Served): void {
  const { name, connector, router, drain, clock, logger, rounds, direct, backlogBytes, receivers, shared } = options;
  /** Per engine connection, since 500 CONNECTs to one namespace would make 500 sockets of one client. */
  const entered = new WeakSet<object>();

  namespace.use(async (socket: SessionSocket, next) => {
    if (entered.has(socket.conn)) {
      return next(connectError(replyError("conflict", `This connection is in ${name} already.`)));
    }
    entered.add(socket.conn);
    try {
      const { token, autoJoin } = socket.handshake.auth;
      const given = token ?? headerTokenOf(socket);
      forgetSecrets(socket);
      const opening = await connector.open({
        token: given,
        door: name,
        namespaces: [name],
        autoJoin: autoJoin !== false,
      });
      socket.data.opening = opening;
      // The client may be gone before it is let in, and then nobody else tells: gone meanwhile, or from now on.
      if (socket.conn.readyState === "open") socket.conn.on("close", opening.abandon);
      else await opening.abandon();
      next();
    } catch (error) {
      entered.delete(socket.conn);
      if (!(error instanceof Rejection)) logger.error("connect failed", { error });
      // A stock client that is refused stays away; one whose connection ends comes back by itself.
      else if (error.error.code === "unavailable" && !drain.started) {
        logger.info("not let in yet", { door: name, why: error.message });
        return socket.conn.close();
      }
      next(
        connectError(
          error instanceof Rejection ? error.error : replyError("internal", "The server failed to let you in."),
        ),
      );
    }
  });

  namespace.on("connection", (socket: SessionSocket) => {
    const { opening } = socket.data;
    if (!opening) return void socket.disconnect();
    const { session } = opening;
    forgetRequest(socket);
    const slow = () => session.close("slow_consumer");
    const wire = new EngineWire(socket.conn, { direct, backlogBytes, slow });
    const outbox = new Outbox(rounds, wire);
    const intake = new Intake(options.turns, wire);
    shared.add(socket.conn, session);
    opening.activate(transportOf(socket, outbox, wire, { receivers, shared }));
    const seen = () => {
      session.lastSeenAt = clock.now();
    };
    const respondTo = (id: number | undefined, callback: Respond): Respond => {
      // The library's callback writes at once; put with the events of its turn it is one write.
      if (id !== undefined) return (reply) => outbox.send(replyFrame(name, id, replyJson(reply)));
      return (reply) => {
        outbox.flush();
        callback(reply);
      };
    };
    socket.conn.on("packet", seen);
    // Whatever a client emits is a command, whatever it is called: no event of its making reaches an emitter.
    socket.use((packet) => {
      const { bytes, id } = arrivalOf(packet);
      const args: unknown[] = packet;
      const last = args.at(-1);
      const [command, ...payloads] = typeof last === "function" ? args.slice(0, -1) : args;
      const payload = payloads.length > 1 ? payloads : payloads[0];
      const respond = typeof last === "function" ? respondTo(id, last as Respond) : undefined;
      intake.take(() => void router.handle({ session, command, payload, bytes }, respond));
    });
    socket.on("disconnect", (reason) => {
      entered.delete(socket.conn);
      shared.remove(socket.conn, session);
      // One engine connection may enter and leave a namespace any number of times.
      socket.conn.off("packet", seen);
      socket.conn.off("close", opening.abandon);
      outbox.close();
      void session.ended(reason);
    });
  });
}

function transportOf(
  socket: SessionSocket,
  outbox: Outbox,
  wire: EngineWire,
  { receivers, shared }: Pick<Served, "receivers" | "shared">,
): Transport {
  return {
    send: (event, data) => outbox.send(eventFrame(socket.nsp.name, event, JSON.stringify(data) ?? "null")),
    ask(event, data, timeoutMs) {
      // What was said before stands before it.
      outbox.flush();
      return socket.timeout(timeoutMs).emitWithAck(event, data);
    },
    join: (audience) => receivers.join(audience, outbox),
    leave: (audience) => receivers.leave(audience, outbox),
    backlogBytes: () => outbox.size + wire.backlogBytes(),
    oldestUnsent: () => wire.oldestUnsent(),
    close(reason) {
      if (reason === "slow_consumer") return terminate(socket.conn);
      outbox.flush();
      // A stock client comes back by itself when the engine's connection ends, and stays away when the namespace does.
      if (disconnectReasons[reason].client === "reconnect") {
        shared.end(socket.conn, reason);
        socket.conn.close();
      } else socket.disconnect(reason === "rate_limited");
    },
  };
}

/** Drops the backlog with the connection: a close in good order would keep it for as long as nobody reads. */
function terminate(connection: SessionSocket["conn"]): void {
  const { socket }: { socket?: { terminate?(): void } } = connection.transport as object;
  connection.close(true);
  socket?.terminate?.();
}

/** What `connect_error` brings: the library sends `message` and `data`. */
function connectError(error: ReplyError): Error {
  return Object.assign(new Error(error.message), { data: error });
}

/** Tokens that came in a header, which serves all namespaces of a connection and is there but once. */
const headerTokens = new WeakMap<object, string>();

function headerTokenOf(socket: SessionSocket): string | undefined {
  const token = headerTokens.get(socket.conn) ?? headerToken(socket.handshake.headers);
  if (token !== undefined) headerTokens.set(socket.conn, token);
  return token;
}

/** What was asked for at the beginning weighs more than all else of a connection that only listens. */
function forgetRequest(socket: SessionSocket): void {
  socket.handshake.headers = {};
  // As the library's manual advises; its types do not know of it.
  Reflect.set(socket.conn, "request", null);
}

/** The library keeps the handshake for as long as the socket lives; the token is not needed again. */
function forgetSecrets(socket: SessionSocket): void {
  socket.handshake.auth = {};
  const { headers }: { headers: IncomingMessage["headers"] } = socket.handshake;
  delete headers.authorization;
  delete headers.cookie;
}
