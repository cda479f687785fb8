import type { DisconnectReason } from "../../shared/disconnect-reason.ts";
import type { ConnectionId } from "../../shared/ids.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Channel } from "./channel.ts";
import { CommandQueue } from "./command-queue.ts";
import { type ConnectionLife, type ConnectionState, newConnectionLife, transition } from "./connection-state.ts";
import type { Principal } from "./principal.ts";
import { type Rate, TokenBucket } from "./token-bucket.ts";

/** What a door does for one of its connections. All of it is synchronous and keeps the order of the calls. */
export interface Transport {
  /** Writes a message to this connection alone. */
  send(name: string, data: unknown): void;
  /**
   * Writes a message that the client answers. Resolves with whatever it answers; rejects when it has not in time, or
   * the connection ends. Absent at doors where nothing is asked; one whose clients do not answer answers for them.
   */
  ask?(name: string, data: unknown, timeoutMs: number): Promise<unknown>;
  /** From now on the channel's events are written to this connection. */
  join(channel: Channel): void;
  leave(channel: Channel): void;
  /** Bytes that were sent and that the network has not taken yet. */
  backlogBytes(): number;
  /**
   * Something that stays the same for as long as the network takes nothing of what waits, or `undefined` when nothing
   * waits. Without it only the bytes are looked at.
   */
  oldestUnsent?(): unknown;
  /** Ends the connection in the way that the reason asks for; what was sent before still goes out. */
  close(reason: DisconnectReason): void;
}

export interface SessionOptions {
  connectionId: ConnectionId;
  principal: Principal;
  /** Whose commands the connection may send; the first that has a command serves it. */
  namespaces: readonly Namespace[];
  /** Whose commands its door takes, from those who may send them. Default: `namespaces`. */
  offeredNamespaces?: readonly Namespace[];
  /** As the client is told: a Socket.IO namespace, or the path of a plain WebSocket door. */
  door: string;
  clock: Clock;
  /** How many commands it may send; a bucket where others draw from the same. */
  commands: Rate | TokenBucket;
  watcher: SessionWatcher;
}

/** Is told of what should not be. One for all: what each connection weighs counts thousands of times. */
export interface SessionWatcher {
  impossibleTransition(session: Session, from: ConnectionState, to: ConnectionState): void;
  /** Something that was to be done when the connection ended has failed. */
  failed(session: Session, error: unknown): void;
}

type OnClose = (session: Session) => unknown;

/** What the server knows of a connection. */
export class Session {
  readonly connectionId: ConnectionId;
  /** A refreshed token may take some away, and bring others of those that are {@link offeredNamespaces}. */
  namespaces: readonly Namespace[];
  readonly offeredNamespaces: readonly Namespace[];
  readonly door: string;
  readonly connectedAt: number;
  principal: Principal;
  /** The client was told that its token is about to expire. */
  isExpiryAnnounced = false;
  /** When the client last sent anything. Milliseconds since 1970. */
  lastSeenAt: number;
  lastPingAt: number;
  /** What waits to be sent, and since when the network has taken nothing of it. */
  stuck: { on: unknown; since: number } | undefined;
  transport: Transport = detached;
  readonly #clock: Clock;
  readonly #watcher: SessionWatcher;
  #onClose: readonly OnClose[] = [];
  /** A rate until the first command: most connections only listen. */
  #commands: Rate | TokenBucket;
  /** Absent until something is refused. */
  #refusals: TokenBucket | undefined;
  /** Absent until a command needs one. */
  #lanes: Map<string, CommandQueue> | undefined;
  /** Absent until somebody waits. */
  #closed: { promise: Promise<void>; resolve(): void } | undefined;
  #life: ConnectionLife = newConnectionLife;
  #endedBy: string | undefined;

  constructor(options: SessionOptions) {
    this.connectionId = options.connectionId;
    this.principal = options.principal;
    this.namespaces = options.namespaces;
    this.offeredNamespaces = options.offeredNamespaces ?? options.namespaces;
    this.door = options.door;
    this.#clock = options.clock;
    this.#watcher = options.watcher;
    this.connectedAt = this.lastSeenAt = this.lastPingAt = options.clock.now();
    this.#commands = options.commands;
    this.moveTo("connected");
    this.moveTo("authenticated");
  }

  get life(): ConnectionLife {
    return this.#life;
  }

  get isOpen(): boolean {
    return this.#life.state !== "closing" && this.#life.state !== "closed";
  }

  get commands(): TokenBucket {
    if (!(this.#commands instanceof TokenBucket)) this.#commands = new TokenBucket(this.#commands, this.#clock);
    return this.#commands;
  }

  /** How many commands beyond {@link commands} are answered before the connection is closed. */
  get refusals(): TokenBucket {
    const { burst } = this.commands;
    this.#refusals ??= new TokenBucket({ perSecond: burst, burst: burst * 10 }, this.#clock);
    return this.#refusals;
  }

  /** Resolves when the connection has ended and all that follows from it is done. */
  get whenClosed(): Promise<void> {
    if (this.#life.state === "closed") return Promise.resolve();
    if (!this.#closed) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#closed = { promise, resolve };
    }
    return this.#closed.promise;
  }

  /** Makes a transition, if it is a possible one; else leaves the state as it is and says so in the log. */
  moveTo(state: ConnectionState): boolean {
    const moved = transition(this.#life, state, this.#clock.now());
    if (moved) this.#life = moved;
    else this.#watcher.impossibleTransition(this, this.#life.state, state);
    return moved !== undefined;
  }

  activate(transport: Transport): void {
    this.transport = transport;
    this.moveTo("active");
  }

  send(name: string, data: unknown): void {
    if (this.isOpen) this.transport.send(name, data);
  }

  /** As {@link Transport.ask}. */
  async ask(name: string, data: unknown, timeoutMs: number): Promise<unknown> {
    if (!this.isOpen || !this.transport.ask) throw new Error("There is nobody to answer.");
    return this.transport.ask(name, data, timeoutMs);
  }

  /** Tells the client why, then ends the connection. */
  close(reason: DisconnectReason, retryAfterMs?: number): void {
    if (!this.isOpen || this.#endedBy) return;
    this.#endedBy = reason;
    this.transport.send("system.connection.close", { reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    this.transport.close(reason);
  }

  /** To be done when the connection has ended, whoever ended it; at once if it has. */
  onClose(listener: OnClose): void {
    // As long as it has to be: one that is pushed to has room for many more.
    if (this.isOpen) this.#onClose = this.#onClose.concat(listener);
    else void this.#run(listener);
  }

  /** Who or what ended the connection: a reason of the server's, or what the door saw. */
  get endedBy(): string | undefined {
    return this.#endedBy;
  }

  /** The door says that the connection has ended. */
  async closed(how: string): Promise<void> {
    if (!this.isOpen) return;
    this.#endedBy ??= how;
    this.moveTo("closing");
    const listeners = this.#onClose;
    this.#onClose = [];
    await Promise.all(listeners.map((listener) => this.#run(listener)));
    this.moveTo("closed");
    this.#closed?.resolve();
  }

  /** As {@link CommandQueue.run}, in the lane of this name. */
  enqueue<T>(name: string, adds: boolean, work: (placed: () => void) => Promise<T>): Promise<T> {
    this.#lanes ??= new Map();
    const lanes = this.#lanes;
    let lane = lanes.get(name);
    if (!lane) {
      lane = new CommandQueue(() => lanes.delete(name));
      lanes.set(name, lane);
    }
    return lane.run(adds, work);
  }

  /** Resolves when what has begun in its lanes is done, and answered. */
  async idle(): Promise<void> {
    await Promise.all([...(this.#lanes?.values() ?? [])].map((lane) => lane.idle()));
  }

  async #run(listener: OnClose): Promise<void> {
    try {
      await listener(this);
    } catch (error) {
      this.#watcher.failed(this, error);
    }
  }
}

const detached: Transport = {
  send() {},
  join() {},
  leave() {},
  backlogBytes: () => 0,
  close() {},
};
