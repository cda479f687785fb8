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
import type { Outlet } from "../../deliver/outlet.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Respond, Router } from "../../route/router.ts";
import type { Transport } from "../../session/session.ts";
import { admitConnections } from "./admit-connections.ts";
import { packetBytes } from "./contract-parser.ts";
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
  admitConnections(io, options);

  const open = new Set<NetSocket>();
  httpServer.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });

  refuseEverybody(io.of("/"));
  for (const name of namespaces) {
    if (name === "/admin" && !options.adminEnabled) refuseEverybody(io.of(name));
    else serve(io.of(name), name, options);
  }

  return {
    deliver(event, audiences) {
      const namespace = io.of(namespaceOfKind[parseRoom(event.room).kind]);
      // Most events have nobody here to go to in most namespaces: nothing is encoded for nobody.
      const present = audiences.filter((audience) => namespace.adapter.rooms.has(audience));
      if (present.length > 0) namespace.local.to(present).emit(event.type, event);
    },
    async close() {
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

function serve(
  namespace: OpenNamespace,
  name: Namespace,
  { connector, router, drain, clock, logger }: SocketIoDoorOptions,
): void {
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
      else if (error.error.code === "unavailable" && !drain.started) return socket.conn.close();
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
    opening.activate(transportOf(socket));
    const seen = () => {
      session.lastSeenAt = clock.now();
    };
    socket.conn.on("packet", seen);
    // Whatever a client emits is a command, whatever it is called: no event of its making reaches an emitter.
    socket.use((packet) => {
      const args: unknown[] = packet;
      const bytes = packetBytes(packet);
      const respond = typeof args.at(-1) === "function" ? (args.at(-1) as Respond) : undefined;
      const [command, ...payloads] = respond ? args.slice(0, -1) : args;
      const payload = payloads.length > 1 ? payloads : payloads[0];
      void router.handle({ session, command, payload, bytes }, respond);
    });
    socket.on("disconnect", (reason) => {
      entered.delete(socket.conn);
      // One engine connection may enter and leave a namespace any number of times.
      socket.conn.off("packet", seen);
      socket.conn.off("close", opening.abandon);
      void session.ended(reason);
    });
  });
}

function transportOf(socket: SessionSocket): Transport {
  return {
    send: (name, data) => void socket.emit(name, data),
    join: (audience) => void socket.join(audience),
    leave: (audience) => void socket.leave(audience),
    // biome-ignore lint/complexity/useLiteralKeys: private in the library's types, and the only place where a backlog shows.
    backlogBytes: () => bytesOf(socket.conn["writeBuffer"]),
    // biome-ignore lint/complexity/useLiteralKeys: as above.
    oldestUnsent: () => socket.conn["writeBuffer"][0],
    close(reason) {
      if (reason === "slow_consumer") return terminate(socket.conn);
      // A stock client comes back by itself when the engine's connection ends, and stays away when the namespace does.
      if (disconnectReasons[reason].client === "reconnect") socket.conn.close();
      else socket.disconnect(reason === "rate_limited");
    },
  };
}

/** What the engine has not handed to its transport, which takes more only when the network has taken what it had. */
function bytesOf(packets: readonly { data?: unknown }[]): number {
  let bytes = 0;
  for (const { data } of packets) bytes += typeof data === "string" || Buffer.isBuffer(data) ? data.length : 0;
  return bytes;
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

/** The library keeps the handshake for as long as the socket lives; the token is not needed again. */
function forgetSecrets(socket: SessionSocket): void {
  socket.handshake.auth = {};
  const { headers }: { headers: IncomingMessage["headers"] } = socket.handshake;
  delete headers.authorization;
  delete headers.cookie;
}
