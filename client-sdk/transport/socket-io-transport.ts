import { Manager, type Socket } from "socket.io-client";
import type { DisconnectReason } from "../../shared/disconnect-table.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import type { SystemMessageData } from "../../shared/system-message.ts";
import type { Established, Link, LinkListener, Transport } from "./transport.ts";

interface SocketIoTransportOptions {
  url: string;
  /** Path of Socket.IO on the server. */
  path: string;
  /** Timeout for opening a connection, milliseconds. */
  openTimeoutMs: number;
}

/**
 * One WebSocket for all namespaces. The library's own reconnection is off: the connection machine alone decides when to
 * reconnect.
 */
export function createSocketIoTransport({ url, path, openTimeoutMs }: SocketIoTransportOptions): Transport {
  return {
    open({ token, namespaces }, listener) {
      const manager = new Manager(new URL(url).origin, {
        path,
        transports: ["websocket"],
        reconnection: false,
        autoConnect: false,
        forceNew: true,
        timeout: openTimeoutMs,
      });
      const sockets = new Map<Namespace, Socket>();
      // The client joins every room with its position, including those that the server joins by default.
      for (const name of namespaces) sockets.set(name, manager.socket(name, { auth: { token, autoJoin: false } }));
      return listen(sockets, manager, listener);
    },
  };
}

function listen(sockets: ReadonlyMap<Namespace, Socket>, manager: Manager, listener: LinkListener): Link {
  const waitingFor = new Set(sockets.keys());
  let end: { reason?: DisconnectReason; retryAfterMs?: number | undefined } = {};
  let isOver = false;

  function finish(notify?: () => void): void {
    if (isOver) return;
    isOver = true;
    for (const socket of sockets.values()) {
      socket.offAny();
      socket.removeAllListeners();
      socket.disconnect();
    }
    // The manager closes with the last of its sockets.
    manager.removeAllListeners();
    notify?.();
  }

  function opened(namespace: Namespace, { connectionId, userId }: Established): void {
    if (waitingFor.delete(namespace) && waitingFor.size === 0) listener.opened({ connectionId, userId });
  }

  for (const [namespace, socket] of sockets) {
    socket.onAny((name: string, data: unknown, answer?: (data: unknown) => void) => {
      if (isOver) return;
      if (name === "system.connection.close") end = data as SystemMessageData<"system.connection.close">;
      listener.message(namespace, name, data, answer);
      if (name === "system.connection.established") opened(namespace, data as Established);
    });
    socket.on("connect_error", (error: Error & { data?: ReplyError }) => {
      const { data } = error;
      finish(() => (data?.code ? listener.refused(data) : listener.failed(error.message)));
    });
    socket.on("disconnect", () => finish(() => listener.dropped(end)));
  }
  manager.on("error", (error) => finish(() => listener.failed(error.message)));
  for (const socket of sockets.values()) socket.connect();

  return {
    via: "websocket",
    command(namespace, name, payload, answer) {
      const socket = sockets.get(namespace);
      // The library would buffer the command, although this link never reconnects.
      if (isOver || !socket?.connected) return;
      socket.emit(name, payload, (reply: Reply<unknown>) => {
        if (!isOver) answer(reply);
      });
    },
    close: () => finish(),
  };
}
