import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Socket as NetSocket } from "node:net";
import type { DefaultEventsMap, Namespace as SocketIoNamespace } from "socket.io";
import { type Namespace, namespaces } from "../../../shared/namespace.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type ReplyError, replyError } from "../../../shared/reply.ts";
import { namespaceOfKind, parseRoom } from "../../../shared/room.ts";
import type { Admission } from "../../connect/admission.ts";
import type { Connector } from "../../connect/connector.ts";
import type { Drain } from "../../connect/drain.ts";
import { headerToken } from "../../connect/header-token.ts";
import type { Origins } from "../../connect/origins.ts";
import type { FlushScheduler } from "../../deliver/outbox.ts";
import type { Sink } from "../../deliver/sink.ts";
import { SubscriberIndex } from "../../deliver/subscriber-index.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Router } from "../../route/router.ts";
import type { Clock } from "../../runtime/clock.ts";
import { jsonOf } from "../../runtime/event-json.ts";
import type { LoopTurns } from "../../runtime/loop-turns.ts";
import { corkForThisTurn } from "../wire/cork.ts";
import { EngineConnections } from "./engine-connections.ts";
import { tcpUnder } from "./engine-wire.ts";
import { eventFrame } from "./packets.ts";
import { refuseHandshakes } from "./refuse-handshakes.ts";
import { type ConnectionDeps, type SessionSocket, SocketIoConnection } from "./socket-io-connection.ts";
import type { LetIn, NoEvents, SocketIoServer } from "./socket-io-server.ts";

export interface SocketIoDoorOptions {
  io: SocketIoServer;
  httpServer: HttpServer;
  connector: Connector;
  router: Router;
  drain: Drain;
  admission: Admission;
  origins: Origins;
  clock: Clock;
  logger: Logger;
  adminEnabled: boolean;
  rounds: FlushScheduler;
  turns: LoopTurns;
  /** Whether the library was found to be made so that whole frames can be written past it. */
  direct: boolean;
  /** What a connection may leave unread. */
  backlogBytes: number;
  /** What has been delivered. */
  counters: { deliveries: number };
}

export interface SocketIoDoor extends Sink {
  close(): Promise<void>;
}

/** How long answers that are under way may take when the door closes. */
const closeGraceMs = 500;

/** Socket.IO clients of any make. */
export function createSocketIoDoor(options: SocketIoDoorOptions): SocketIoDoor {
  const { io, httpServer } = options;
  io.attach(httpServer);
  refuseHandshakes(io, options.drain);
  const engineConnections = new EngineConnections(io, options);

  const open = new Set<NetSocket>();
  function forget(this: NetSocket): void {
    open.delete(this);
  }
  httpServer.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", forget);
  });

  refuseEverybody(io.of("/"));
  const served = new Map<Namespace, SubscriberIndex>();
  for (const name of namespaces) {
    const subscribers = new SubscriberIndex(options.counters);
    if (name === "/admin" && !options.adminEnabled) refuseEverybody(io.of(name));
    else serve(io.of(name), { ...options, name, subscribers, engineConnections });
    served.set(name, subscribers);
  }

  return {
    deliver(event, channels) {
      const namespace = namespaceOfKind[parseRoom(event.room).kind];
      served.get(namespace)?.fanOut(channels, () => eventFrame(namespace, event.type, jsonOf(event)));
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

type OpenNamespace = SocketIoNamespace<NoEvents, DefaultEventsMap, NoEvents, LetIn>;

function refuseEverybody(namespace: OpenNamespace): void {
  namespace.use((_socket, next) => {
    next(connectError(replyError("forbidden", `The namespace ${namespace.name} is closed.`)));
  });
}

type Served = SocketIoDoorOptions & ConnectionDeps;

function serve(namespace: OpenNamespace, options: Served): void {
  const { name, connector, origins, drain, logger } = options;
  /** Per engine connection, since 500 CONNECTs to one namespace would make 500 sockets of one client. */
  const entered = new WeakSet<object>();

  /** One for all of them: what each connection weighs counts thousands of times. */
  function left(this: SessionSocket, reason: string): void {
    entered.delete(this.conn);
    this.data.connection?.end(reason);
  }

  /** A packet cannot be read, after which the library ends the connection without a word. */
  function broken(this: SessionSocket): void {
    this.data.connection?.refuse();
  }

  namespace.use(async (socket: SessionSocket, next) => {
    if (entered.has(socket.conn)) {
      return next(connectError(replyError("conflict", `This connection is in ${name} already.`)));
    }
    entered.add(socket.conn);
    try {
      const { token, autoJoin } = socket.handshake.auth;
      const given = token ?? headerTokenOf(socket, origins);
      forgetSecrets(socket);
      const opening = await connector.open({
        token: given,
        door: name,
        namespaces: [name],
        autoJoin: autoJoin !== false,
      });
      const tcp = tcpUnder(socket.conn);
      if (tcp) corkForThisTurn(tcp);
      socket.data = { opening };
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
    // From here on the end of the connection is told by the socket.
    socket.conn.off("close", opening.abandon);
    forgetRequest(socket);
    const connection = new SocketIoConnection(socket, opening.session, options);
    socket.data = { connection };
    // Before it is told anything: if that is to go, because the server stops, it is gone in that very moment.
    socket.on("disconnect", left);
    socket.on("error", broken);
    opening.activate(connection);
    connection.flush();
  });
}

/** What `connect_error` brings: the library sends `message` and `data`. */
function connectError(error: ReplyError): Error {
  return Object.assign(new Error(error.message), { data: error });
}

/** Tokens that came in a header, which serves all namespaces of a connection and is there but once. */
const headerTokens = new WeakMap<object, string>();

function headerTokenOf(socket: SessionSocket, origins: Origins): string | undefined {
  const token =
    headerTokens.get(socket.conn) ?? headerToken({ method: "GET", headers: socket.handshake.headers }, origins);
  if (token !== undefined) headerTokens.set(socket.conn, token);
  return token;
}

/** What was asked for at the beginning weighs more than all else of a connection that only listens. */
function forgetRequest(socket: SessionSocket): void {
  Reflect.set(socket, "handshake", forgotten);
  // As the library's manual advises; its types do not know of it.
  Reflect.set(socket.conn, "request", null);
}

const forgotten = Object.freeze({});

/** The library keeps the handshake for as long as the socket lives; the token is not needed again. */
function forgetSecrets(socket: SessionSocket): void {
  socket.handshake.auth = {};
  const { headers }: { headers: IncomingMessage["headers"] } = socket.handshake;
  delete headers.authorization;
  delete headers.cookie;
}
