import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Socket as NetSocket } from "node:net";
import { promisify } from "node:util";
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
import { forgetRequest } from "./forget-request.ts";
import { limitRequests } from "./limit-requests.ts";
import { eventFrame } from "./packets.ts";
import { refuseHandshakes } from "./refuse-handshakes.ts";
import { type ConnectionDeps, type SessionSocket, SocketIoConnection } from "./socket-io-connection.ts";
import type { AcceptedSocket, NoEvents, SocketIoServer } from "./socket-io-server.ts";

interface SocketIoDoorOptions {
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
  scheduler: FlushScheduler;
  turns: LoopTurns;
  /** Whether frames may be written past the library, according to the self-check. */
  direct: boolean;
  /** `LIMIT_MESSAGE_BYTES` */
  messageBytes: number;
  /** Unsent bytes that a connection may have. */
  backlogBytes: number;
  /** `deliveries` is incremented for every event written. */
  counters: { deliveries: number };
}

interface SocketIoDoor extends Sink {
  close(): Promise<void>;
}

const nextTurn = promisify(setImmediate);

/** Time for responses under way when the door closes. */
const closeGraceMs = 500;

/** The door for Socket.IO clients. */
export function createSocketIoDoor(options: SocketIoDoorOptions): SocketIoDoor {
  const { io, httpServer } = options;
  io.attach(httpServer);
  refuseHandshakes(io, options.drain);
  const engineConnections = new EngineConnections(io, options);
  limitRequests(io, engineConnections);

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
      options.scheduler.flush();
      // Node counts a connection as idle whose request it has not read yet, and closes it. In the second turn everything
      // that has arrived is read.
      await nextTurn();
      await nextTurn();
      httpServer.close();
      // Closes the engine's connections, not the namespaces, so that stock clients reconnect.
      io.engine.close();
      const closed = new Promise<void>((resolve) => void io.close(() => resolve()));
      // The library waits for peers that do not answer the close: 30 s for a WebSocket, and without limit for a
      // connection that a browser has opened in advance and not used.
      const late = setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, closeGraceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

type OpenNamespace = SocketIoNamespace<NoEvents, DefaultEventsMap, NoEvents, AcceptedSocket>;

function refuseEverybody(namespace: OpenNamespace): void {
  namespace.use((_socket, next) => {
    next(connectError(replyError("forbidden", `The namespace ${namespace.name} is closed.`)));
  });
}

type Served = SocketIoDoorOptions & ConnectionDeps;

function serve(namespace: OpenNamespace, options: Served): void {
  const { name, connector, origins, drain, logger } = options;
  /** Engine connections in the namespace: 500 CONNECTs to one namespace would otherwise make 500 sockets per client. */
  const entered = new WeakSet<object>();

  /** Shared, since memory per connection counts thousands of times. */
  function left(this: SessionSocket, reason: string): void {
    entered.delete(this.conn);
    this.data.connection?.end(reason);
  }

  /** Called for an unreadable packet, after which the library ends the connection without a message. */
  function broken(this: SessionSocket): void {
    this.data.connection?.refuse();
  }

  namespace.use(async (socket: SessionSocket, next) => {
    if (entered.has(socket.conn)) {
      return next(connectError(replyError("conflict", `This connection has already entered ${name}.`)));
    }
    entered.add(socket.conn);
    try {
      const { token, autoJoin } = socket.handshake.auth;
      const given = token ?? headerTokenOf(socket, origins);
      forgetSecrets(socket);
      const opened = await connector.open({
        token: given,
        door: name,
        namespaces: [name],
        autoJoin: autoJoin !== false,
      });
      // The library's reply to CONNECT and our first messages go out in one write.
      const tcp = tcpUnder(socket.conn);
      if (tcp) corkForThisTurn(tcp);
      socket.data = { opened };
      // The client may disconnect before the namespace's `connection` event, or have done so during the await.
      if (socket.conn.readyState === "open") socket.conn.on("close", opened.abandon);
      else await opened.abandon();
      next();
    } catch (error) {
      entered.delete(socket.conn);
      if (!(error instanceof Rejection)) logger.error("connect failed", { error });
      // Stock clients do not retry after a refusal, but do when the connection ends.
      else if (error.error.code === "unavailable" && !drain.started) {
        logger.info("not let in yet", { door: name, why: error.message });
        return socket.conn.close();
      }
      next(
        connectError(
          error instanceof Rejection
            ? error.error
            : replyError("internal", "The server failed to open the connection."),
        ),
      );
    }
  });

  namespace.on("connection", (socket: SessionSocket) => {
    const { opened } = socket.data;
    if (!opened) return void socket.disconnect();
    // From here on the socket reports the end of the connection.
    socket.conn.off("close", opened.abandon);
    if (options.direct) forgetRequest(socket);
    const connection = new SocketIoConnection(socket, opened.session, options);
    socket.data = { connection };
    // Before any message is sent: if the server stops, the connection ends in this tick.
    socket.on("disconnect", left);
    socket.on("error", broken);
    opened.activate(connection);
    connection.flush();
  });
}

/** The error for `connect_error`: the library sends its `message` and `data`. */
function connectError(error: ReplyError): Error {
  return Object.assign(new Error(error.message), { data: error });
}

/** Tokens from headers. A header serves all namespaces of a connection, and is dropped with the first request. */
const headerTokens = new WeakMap<object, string>();

function headerTokenOf(socket: SessionSocket, origins: Origins): string | undefined {
  const token =
    headerTokens.get(socket.conn) ?? headerToken({ method: "GET", headers: socket.handshake.headers }, origins);
  if (token !== undefined) headerTokens.set(socket.conn, token);
  return token;
}

/** The library keeps the handshake as long as the socket; the token in it is not needed again. */
function forgetSecrets(socket: SessionSocket): void {
  socket.handshake.auth = {};
  const { headers }: { headers: IncomingMessage["headers"] } = socket.handshake;
  delete headers.authorization;
  delete headers.cookie;
}
