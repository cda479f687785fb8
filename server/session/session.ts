import type { DisconnectReason } from "../../shared/disconnect-reason.ts";
import type { ConnectionId } from "../../shared/ids.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Channel } from "./channel.ts";
import { CommandQueue } from "./command-queue.ts";
import { type ConnectionLife, type ConnectionState, newConnectionLife, transition } from "./connection-state.ts";
import type { Principal } from "./principal.ts";
import { type Rate, TokenBucket } from "./token-bucket.ts";

/** A door's operations for one of its connections. All are synchronous and keep the order of the calls. */
export interface Transport {
  send(name: string, data: unknown): void;
  /**
   * Writes a message that the client answers. Resolves with the answer; rejects when none comes in time or the
   * connection ends. Absent at doors that never ask; a door whose clients cannot answer answers for them.
   */
  ask?(name: string, data: unknown, timeoutMs: number): Promise<unknown>;
  /** From now on the channel's events are written to this connection. */
  join(channel: Channel): void;
  leave(channel: Channel): void;
  /** Bytes written that the network has not taken yet. */
  backlogBytes(): number;
  /**
   * A value that stays the same while the network takes none of the waiting bytes; `undefined` when none are waiting.
   * Without it, only the number of bytes is checked.
   */
  oldestUnsent?(): unknown;
  /** Called when the session's roles may have changed. */
  refreshed?(): void;
  /** Ends the connection in the way that suits the reason. Frames that were written before are still sent. */
  close(reason: DisconnectReason): void;
}

export interface SessionOptions {
  connectionId: ConnectionId;
  principal: Principal;
  /** The namespaces whose commands the connection may send; the first that has a command serves it. */
  namespaces: readonly Namespace[];
  /** The namespaces whose commands the door offers to permitted clients. Default: `namespaces`. */
  offeredNamespaces?: readonly Namespace[];
  /** The door's name for the client: a Socket.IO namespace, or the path of a plain WebSocket endpoint. */
  door: string;
  clock: Clock;
  /** The rate of commands; a bucket where several connections share one. */
  commands: Rate | TokenBucket;
  watcher: SessionWatcher;
}

/** Receives reports of faults. One instance for all sessions: memory per connection counts thousands of times. */
export interface SessionWatcher {
  impossibleTransition(session: Session, from: ConnectionState, to: ConnectionState): void;
  /** An action that follows the end of the connection has failed. */
  failed(session: Session, error: unknown): void;
}

type OnClose = (session: Session) => unknown;

/** The server's state of a connection. */
export class Session {
  readonly connectionId: ConnectionId;
  /** A refreshed token may remove some, or add others of {@link offeredNamespaces}. */
  namespaces: readonly Namespace[];
  readonly offeredNamespaces: readonly Namespace[];
  readonly door: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  principal: Principal;
  /** Whether the client was notified that its token is about to expire. */
  isExpiryAnnounced = false;
  /** When the client last sent anything. Like all that is named `…Ms` here: by the monotonic clock. */
  lastSeenMs: number;
  lastPingMs: number;
  /** The oldest waiting output, and since when the network has taken nothing. */
  stuck: { on: unknown; sinceMs: number } | undefined;
  transport: Transport = detached;
  readonly #connectedMs: number;
  readonly #clock: Clock;
  readonly #watcher: SessionWatcher;
  #onClose: readonly OnClose[] = [];
  /** A rate until the first command: most connections only listen. */
  #commands: Rate | TokenBucket;
  /** Created with the first refusal. */
  #refusals: TokenBucket | undefined;
  /** Created with the first command that needs one. */
  #queues: Map<string, CommandQueue> | undefined;
  /** Created with the first wait. */
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
    this.connectedAt = options.clock.now();
    this.#connectedMs = this.lastSeenMs = this.lastPingMs = options.clock.monotonicMs();
    this.#commands = options.commands;
    this.moveTo("connected");
    this.moveTo("authenticated");
  }

  get life(): ConnectionLife {
    return this.#life;
  }

  /** When the client last sent anything: milliseconds since 1970, as many after {@link connectedAt} as have passed. */
  get lastActivityAt(): number {
    return Math.round(this.connectedAt + this.lastSeenMs - this.#connectedMs);
  }

  get ageMs(): number {
    return this.#clock.monotonicMs() - this.#connectedMs;
  }

  get isOpen(): boolean {
    return this.#life.state !== "closing" && this.#life.state !== "closed";
  }

  get commands(): TokenBucket {
    if (!(this.#commands instanceof TokenBucket)) this.#commands = new TokenBucket(this.#commands, this.#clock);
    return this.#commands;
  }

  /** How many commands beyond {@link commands} are answered with a refusal before the connection is closed. */
  get refusals(): TokenBucket {
    const { burst } = this.commands;
    this.#refusals ??= new TokenBucket({ perSecond: burst, burst: burst * 10 }, this.#clock);
    return this.#refusals;
  }

  /** Resolves when the connection has ended and all close listeners have finished. */
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

  /** Makes the transition if it is possible; otherwise keeps the state and logs the attempt. */
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
    if (!this.isOpen || !this.transport.ask) throw new Error("The connection cannot be asked.");
    return this.transport.ask(name, data, timeoutMs);
  }

  /** Sends the reason to the client, then ends the connection. */
  close(reason: DisconnectReason, retryAfterMs?: number): void {
    if (!this.isOpen || this.#endedBy) return;
    this.#endedBy = reason;
    this.transport.send("system.connection.close", { reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    this.transport.close(reason);
  }

  /** The listener runs when the connection has ended, by whichever side; at once if it already has. */
  onClose(listener: OnClose): void {
    // `concat` gives an array of exact length; `push` would reserve space for many more listeners.
    if (this.isOpen) this.#onClose = this.#onClose.concat(listener);
    else void this.#run(listener);
  }

  /** Why the connection ended: the server's reason, or what the door observed. */
  get endedBy(): string | undefined {
    return this.#endedBy;
  }

  /** Called by the door when the connection has ended. */
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

  /** As {@link CommandQueue.run}, in the queue of this name. */
  enqueue<T>(name: string, adds: boolean, work: (sequenced: () => void) => Promise<T>): Promise<T> {
    this.#queues ??= new Map();
    const queues = this.#queues;
    let queue = queues.get(name);
    if (!queue) {
      queue = new CommandQueue(() => queues.delete(name));
      queues.set(name, queue);
    }
    return queue.run(adds, work);
  }

  /** Resolves when all commands in its queues are done and answered. */
  async idle(): Promise<void> {
    await Promise.all([...(this.#queues?.values() ?? [])].map((queue) => queue.idle()));
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
