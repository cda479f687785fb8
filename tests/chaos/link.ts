import { io, type Socket } from "socket.io-client";
import { WebSocket } from "ws";
import type { Envelope } from "../../shared/envelope.ts";
import type { Reply } from "../../shared/reply.ts";
import type { Role } from "../../shared/role.ts";
import { tokenOf } from "../support/tokens.ts";

export type Door = "socket.io" | "polling" | "ws";

export interface Identity {
  userId: string;
  role: Role;
  /** Of Socket.IO. Default: `/chat`. */
  namespace?: "/chat" | "/monitoring";
}

/** An event as both doors show it. */
export type Seen = Pick<Envelope, "id" | "type" | "room" | "timestamp" | "sender" | "data" | "position">;

interface LinkListener {
  /** Connected, or connected again. */
  up(): void;
  down(why: string): void;
  event(event: Seen): void;
  system(name: string, data: unknown): void;
  /** An answer that is no reply to a command and no event. */
  refused(why: string): void;
}

/** One client's way to one instance. Nothing is told after `close`. */
export interface Link {
  readonly isUp: boolean;
  /** Calls back in the very turn in which the reply arrives, or with `undefined` when none came in time. */
  command(name: string, payload: unknown, timeoutMs: number, done: (reply: Reply<unknown> | undefined) => void): void;
  /** Loses the connection, as a network does. A stock Socket.IO client comes back by itself. */
  lose(): void;
  /** Ends it for good; `abrupt` without a word to the server. */
  close(abrupt: boolean): void;
}

export function openLink(door: Door, port: number, identity: Identity, listener: LinkListener): Link {
  const token = tokenOf(identity.userId, [identity.role]);
  return door === "ws"
    ? new PlainLink(port, token, listener)
    : new SocketIoLink(port, token, door, identity.namespace ?? "/chat", listener);
}

const silent: LinkListener = { up() {}, down() {}, event() {}, system() {}, refused() {} };

class SocketIoLink implements Link {
  readonly #socket: Socket;
  #listener: LinkListener;

  constructor(port: number, token: string, door: Door, namespace: string, listener: LinkListener) {
    this.#listener = listener;
    this.#socket = io(`http://127.0.0.1:${port}${namespace}`, {
      forceNew: true,
      transports: door === "polling" ? ["polling", "websocket"] : ["websocket"],
      reconnectionDelay: 100,
      reconnectionDelayMax: 1_000,
      timeout: 5_000,
      auth: { token, autoJoin: false },
    });
    this.#socket.on("connect", () => this.#listener.up());
    this.#socket.on("disconnect", (why) => this.#listener.down(why));
    this.#socket.on("connect_error", (error) => {
      // Without data it is the transport, and the client tries again by itself.
      if ("data" in error) this.#listener.refused(JSON.stringify(error.data));
    });
    this.#socket.onAny((name: string, data: Seen) => {
      if (name.startsWith("system.")) this.#listener.system(name, data);
      else this.#listener.event(data);
    });
  }

  get isUp(): boolean {
    return this.#socket.connected;
  }

  command(name: string, payload: unknown, timeoutMs: number, done: (reply: Reply<unknown> | undefined) => void): void {
    // The client would keep it, and send it after the next connect.
    if (!this.isUp) return void setImmediate(done, undefined);
    this.#socket
      .timeout(timeoutMs)
      .emit(name, payload, (error: Error | null, reply: Reply<unknown>) => done(error ? undefined : reply));
  }

  lose(): void {
    const { engine }: { engine?: { transport?: { ws?: WebSocket }; close(): void } } = this.#socket.io as object;
    if (engine?.transport?.ws) engine.transport.ws.terminate();
    else engine?.close();
  }

  close(abrupt: boolean): void {
    this.#listener = silent;
    if (abrupt) {
      this.#socket.io.reconnection(false);
      this.lose();
    }
    this.#socket.disconnect();
  }
}

class PlainLink implements Link {
  readonly #socket: WebSocket;
  readonly #replies = new Map<string, (reply: Reply<unknown> | undefined) => void>();
  #listener: LinkListener;
  #ids = 0;

  constructor(port: number, token: string, listener: LinkListener) {
    this.#listener = listener;
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/ws?token=${token}`, { handshakeTimeout: 5_000 });
    let why = "";
    this.#socket.on("error", (error) => {
      why = error.message;
    });
    this.#socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    this.#socket.on("close", (code) => {
      this.#listener.down(why || `closed with ${code}`);
      for (const done of [...this.#replies.values()]) done(undefined);
    });
  }

  get isUp(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  command(type: string, payload: unknown, timeoutMs: number, done: (reply: Reply<unknown> | undefined) => void): void {
    if (!this.isUp) return void setImmediate(done, undefined);
    const id = `c${++this.#ids}`;
    const finish = (reply: Reply<unknown> | undefined) => {
      clearTimeout(timer);
      if (this.#replies.delete(id)) done(reply);
    };
    const timer = setTimeout(finish, timeoutMs, undefined);
    this.#replies.set(id, finish);
    this.#socket.send(JSON.stringify({ type, id, payload }));
  }

  lose(): void {
    this.#socket.terminate();
  }

  close(abrupt: boolean): void {
    this.#listener = silent;
    if (abrupt) this.#socket.terminate();
    else this.#socket.close();
  }

  #receive(frame: Frame): void {
    switch (frame.type) {
      case "reply":
        return this.#replies.get(frame.id)?.(frame.payload);
      case "event": {
        const { topic: room, eventType: type, ...rest } = frame.payload;
        return this.#listener.event({ ...rest, room, type, timestamp: frame.timestamp });
      }
      case "system.connection.established":
        return this.#listener.up();
      case "system.error":
        return this.#listener.refused(JSON.stringify(frame.payload));
      default:
        this.#listener.system(frame.type, frame.payload);
    }
  }
}

type Frame =
  | { type: "reply"; id: string; payload: Reply<unknown> }
  | {
      type: "event";
      timestamp: string;
      payload: Omit<Seen, "room" | "type" | "timestamp"> & { topic: Seen["room"]; eventType: Seen["type"] };
    }
  | { type: "system.connection.established" | "system.error" | `system.room.${string}`; payload: unknown };
