import type { CancelMessage } from "../shared/agent-messages.ts";
import type { Envelope } from "../shared/envelope.ts";
import { type Admin, createAdmin } from "./admin/admin.ts";
import { createMessageBus, type MessageBus } from "./bus/message-bus.ts";
import { type Chat, createChat } from "./chat/chat.ts";
import type { Cancellation } from "./chat/streamed-response.ts";
import type { ClientOptions } from "./client-options.ts";
import { Connection } from "./connection/connection.ts";
import { type CloseReason, type ConnectionState, type TransportName, viaOf } from "./connection/connection-machine.ts";
import type { Cancel } from "./connection/environment.ts";
import { closeErrorOf, type PublicState, publicStateOf } from "./connection/public-state.ts";
import { connectionDeps } from "./connection-deps.ts";
import { Emitter } from "./emitter.ts";
import { createLists } from "./monitoring/lists.ts";
import { createMonitoring, type Monitoring } from "./monitoring/monitoring.ts";
import { createDeduplicator } from "./rooms/deduplicator.ts";
import type { Gap } from "./rooms/gap.ts";
import { LogSubscriptions } from "./rooms/log-subscriptions.ts";
import { createPositions } from "./rooms/positions.ts";
import { Outbox } from "./sending/outbox.ts";
import { createSendCommand, type SendCommand } from "./sending/send-command.ts";
import { SignalboxError } from "./signalbox-error.ts";

/** Events of a client. */
export type ClientEvents = {
  connected: { connectionId: string; userId: string };
  disconnected: { willReconnect: boolean; reason: CloseReason | undefined };
  /** Errors outside of a promise: a refused token, a failed command without acknowledgement. */
  error: SignalboxError;
  /** Every event of all rooms and subscriptions, once. */
  message: Envelope;
  statechange: { previousState: PublicState; newState: PublicState };
  transport: { transport: TransportName };
  /** Every change of `status`, including those that keep `state`, such as from one retry delay to the next. */
  status: ConnectionState;
  /** A request to stop a response that this user is streaming, in this client or another. */
  cancel: Cancellation;
  /** Events were lost, in any room or subscription. */
  gap: Gap;
};

/** A client of Signalbox. */
export class Client {
  readonly chat: Chat;
  readonly monitoring: Monitoring;
  readonly admin: Admin;
  /** Every event by type, with wildcards: `task.*`, `*`. Messages that the application publishes stay local. */
  readonly bus: MessageBus<Envelope | { type: string }> = createMessageBus();
  /** Sends any command. Resolves with the data of the reply, rejects with a {@link SignalboxError}. */
  readonly send: SendCommand;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #now: () => number;
  #transport: TransportName = "websocket";

  constructor(options: ClientOptions) {
    const deps = connectionDeps(options);
    const { environment, logger, namespaces } = deps;
    const { maxWaiting = 1_000, answerTimeoutMs = 20_000, positions = "memory", name = "client" } = options;

    const outbox = new Outbox({ environment, capacity: maxWaiting, answerTimeoutMs });
    this.#outbox = outbox;
    this.#now = environment.now;
    this.send = createSendCommand(outbox, deps.namespaces);
    const { admin, message: adminMessage } = createAdmin(this.send);
    this.admin = admin;
    const subscriptions = new LogSubscriptions();
    const isNew = createDeduplicator();
    const store = positions === "session" ? environment.session : deps.memory;
    const feedDeps = {
      subscriptions,
      environment,
      positions: createPositions(store, name),
      logger: logger.for("rooms"),
      lost: (gap: Gap) => this.#emitter.emit("gap", gap),
      published: (envelope: Envelope) => {
        // Several subscriptions may deliver the same event.
        if (!isNew(envelope.id)) return;
        this.#emitter.emit("message", envelope);
        this.bus.publish(envelope);
      },
    };
    this.#connection = new Connection(
      { ...deps, logger: logger.for("connection") },
      {
        changed: (previous, next) => this.#changed(previous, next),
        linked: (link, established) => {
          this.#emitter.emit("connected", established);
          if (link.via !== this.#transport) this.#emitter.emit("transport", { transport: link.via });
          this.#transport = link.via;
          subscriptions.attach(link, () => this.#connection.restored(link));
          outbox.attach(link);
        },
        unlinked: () => {
          subscriptions.detach();
          outbox.detach();
        },
        message: (namespace, event, data) => {
          subscriptions.message(namespace, event, data);
          if (namespace === "/admin") adminMessage(event, data);
          if (event === "system.error")
            this.#emitter.emit("error", new SignalboxError((data as { error: SignalboxError }).error));
          if (event === "cancel") {
            const { messageId: responseId, reason } = data as CancelMessage;
            this.#emitter.emit("cancel", { responseId, reason });
          }
          if (event.startsWith("system.")) this.bus.publish({ ...(data as object), type: event });
        },
      },
    );
    const has = (namespace: string) => namespaces.some((other) => other === namespace);
    this.chat = createChat({
      ...feedDeps,
      send: this.send,
      userId: () => this.userId,
      onCancel: (listener) => this.on("cancel", listener),
      onConnected: (listener) => this.on("connected", listener),
    });
    this.monitoring = createMonitoring({ ...feedDeps, lists: createLists(deps) });
    if (has("/chat")) for (const feed of [this.chat.own, this.chat.broadcast]) feed.on("event", () => {});
  }

  get state(): PublicState {
    return publicStateOf(this.#connection.state);
  }

  /** The state in detail: why it is closed, which attempt is next. */
  get status(): ConnectionState {
    return this.#connection.state;
  }

  /** Id of the current connection, or `null`. */
  get connectionId(): string | null {
    return this.#connection.connectionId;
  }

  /** The user id of the token, once a connection was established. */
  get userId(): string | null {
    return this.#connection.userId;
  }

  /** The current transport, or the last one. */
  get transport(): TransportName {
    return viaOf(this.status) ?? this.#transport;
  }

  /** Number of the current or next reconnection attempt; 0 while connected. */
  get attempt(): number {
    const { status } = this;
    return "tries" in status ? status.tries.attempt : 0;
  }

  /** Milliseconds until the next attempt. */
  get nextDelay(): number | null {
    const at = this.nextAttemptAt;
    return at === null ? null : Math.max(0, at - this.#now());
  }

  /** Time of the next attempt, milliseconds since 1970. */
  get nextAttemptAt(): number | null {
    return this.#connection.nextAttemptAt;
  }

  /** Since when the client has been trying to connect, milliseconds since 1970; `null` while active or closed. */
  get offlineSince(): number | null {
    return this.#connection.offlineSince;
  }

  /** Round-trip time at the last measurement, milliseconds. */
  get roundTripMs(): number | null {
    return this.#connection.roundTripMs;
  }

  /** Number of commands without a reply yet. */
  get waiting(): number {
    return this.#outbox.size;
  }

  /**
   * Connects. Resolves when every room has caught up; rejects when the client is closed. During a retry delay it tries at
   * once.
   */
  connect(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      const settle = (): boolean => {
        if (this.state === "active") resolve();
        else if (this.state === "closed") reject(closeErrorOf(this.status));
        else return false;
        return true;
      };
      this.#connection.connect();
      if (settle()) return;
      const cancel = this.on("statechange", () => {
        if (settle()) cancel();
      });
    });
    // A caller may ignore the promise: `statechange` and `error` report the failure as well.
    done.catch(() => {});
    return done;
  }

  /** Closes the connection. Commands without a reply are rejected. `code` and `reason` are only logged. */
  disconnect(code = 1000, reason = ""): void {
    this.#connection.disconnect(`${code} ${reason}`);
  }

  /** Returns a function that removes the listener. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): Cancel {
    return this.#emitter.on(name, listener);
  }

  /** As `on`, for the next event only. */
  once<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): Cancel {
    return this.#emitter.once(name, listener);
  }

  /** Removes a listener that was added with `on`. */
  off<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): void {
    this.#emitter.off(name, listener);
  }

  #changed(previous: ConnectionState, next: ConnectionState): void {
    const [previousState, newState] = [publicStateOf(previous), publicStateOf(next)];
    // Pending commands survive an expired token: the user may sign in again.
    if (next.name === "closed") this.#outbox.close();
    else if (previous.name === "closed") this.#outbox.open();
    this.#emitter.emit("status", next);
    // After a failed attempt `waiting` follows `waiting`: a change of `status` only.
    if (previousState !== newState) this.#emitter.emit("statechange", { previousState, newState });
    const wasConnected = previousState === "connected" || previousState === "active";
    if (wasConnected && newState !== "connected" && newState !== "active") {
      const reason = next.name === "closed" ? next.reason : undefined;
      this.#emitter.emit("disconnected", { willReconnect: newState !== "closed", reason });
    }
    if (newState === "closed" && !(next.name === "closed" && next.reason === "client"))
      this.#emitter.emit("error", closeErrorOf(this.status));
  }
}

/** Creates a client. It connects when `connect` is called. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}
