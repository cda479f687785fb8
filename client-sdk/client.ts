import type { CancelMessage } from "../shared/agent-messages.ts";
import type { Envelope } from "../shared/envelope.ts";
import { type Admin, createAdmin } from "./admin/admin.ts";
import { createMessageBus, type MessageBus } from "./bus/message-bus.ts";
import { type Chat, createChat } from "./chat/chat.ts";
import type { Cancellation } from "./chat/streamed-response.ts";
import type { ClientOptions } from "./client-options.ts";
import { Connection } from "./connection/connection.ts";
import type { CloseReason, ConnectionState, TransportName } from "./connection/connection-machine.ts";
import type { Cancel } from "./connection/environment.ts";
import { type PublicState, publicStateOf } from "./connection/public-state.ts";
import { connectionDeps } from "./connection-deps.ts";
import { Emitter } from "./emitter.ts";
import { createLists } from "./monitoring/lists.ts";
import { createMonitoring, type Monitoring } from "./monitoring/monitoring.ts";
import { Followers } from "./rooms/followers.ts";
import type { Gap } from "./rooms/gap.ts";
import { createOnce } from "./rooms/once.ts";
import { createPositions } from "./rooms/positions.ts";
import { Outbox } from "./sending/outbox.ts";
import { createSendCommand, type SendCommand } from "./sending/send-command.ts";
import { SignalboxError } from "./signalbox-error.ts";

/** What a client tells. */
export type ClientEvents = {
  connected: { connectionId: string; userId: string };
  disconnected: { willReconnect: boolean; reason: CloseReason | undefined };
  /** What nobody waits for: a refused token, a command without an answer of its own. */
  error: SignalboxError;
  /** Every event, once. */
  message: Envelope;
  statechange: { previousState: PublicState; newState: PublicState };
  transport: { transport: TransportName };
  /** Every change of `status`, also where the state stays what it was, as from one wait to the next. */
  status: ConnectionState;
  /** Somebody wants an answer to be stopped that this user writes, here or elsewhere. */
  cancel: Cancellation;
  /** Something was lost for good, in any room or subscription. */
  gap: Gap;
};

/** A client of Signalbox. */
export class Client {
  readonly chat: Chat;
  readonly monitoring: Monitoring;
  readonly admin: Admin;
  /** Every event under its type, with wildcards: `task.*`, `*`. What an application publishes stays on the page. */
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
    const { admin, message: heardByAdmin } = createAdmin(this.send);
    this.admin = admin;
    const followers = new Followers();
    const once = createOnce();
    const store = positions === "session" ? environment.session : deps.memory;
    const feedDeps = {
      followers,
      environment,
      positions: createPositions(store, name),
      logger: logger.for("rooms"),
      lost: (gap: Gap) => this.#emitter.emit("gap", gap),
      published: (envelope: Envelope) => {
        // Several subscriptions may have brought it.
        if (once(envelope.id)) this.#publish(envelope);
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
          followers.attach(link, () => this.#connection.restored(link));
          outbox.attach(link);
        },
        unlinked: () => {
          followers.detach();
          outbox.detach();
        },
        message: (namespace, event, data) => {
          followers.message(namespace, event, data);
          if (namespace === "/admin") heardByAdmin(event, data);
          if (event === "system.error") this.#error(new SignalboxError((data as { error: SignalboxError }).error));
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
    });
    this.monitoring = createMonitoring({ ...feedDeps, lists: createLists(deps) });
    if (has("/chat")) for (const feed of [this.chat.own, this.chat.broadcast]) feed.on("event", () => {});
  }

  get state(): PublicState {
    return publicStateOf(this.#connection.state);
  }

  /** The state in full: why it is closed, which attempt is next. */
  get status(): ConnectionState {
    return this.#connection.state;
  }

  /** The id of this connection, while there is one. */
  get connectionId(): string | null {
    return this.#connection.connectionId;
  }

  /** Who the server takes us for. */
  get userId(): string | null {
    return this.#connection.userId;
  }

  /** How the server is reached, or was last. */
  get transport(): TransportName {
    return this.#connection.via ?? this.#transport;
  }

  /** The number of the attempt to come back that is under way or next; 0 while all is well. */
  get attempt(): number {
    const { status } = this;
    return "tries" in status ? status.tries.attempt : 0;
  }

  /** Milliseconds until the next attempt. */
  get nextDelay(): number | null {
    const at = this.nextAttemptAt;
    return at === null ? null : Math.max(0, at - this.#now());
  }

  /** When the next attempt is due, milliseconds since 1970. */
  get nextAttemptAt(): number | null {
    return this.#connection.nextAttemptAt;
  }

  /** Milliseconds from a command to its reply, when it was measured last. */
  get roundTripMs(): number | null {
    return this.#connection.roundTripMs;
  }

  /** Commands that wait for their answer. */
  get waiting(): number {
    return this.#outbox.size;
  }

  /** Resolves when everything is caught up with; rejects when the client gives up. While it waits for another attempt: now. */
  connect(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      const settle = (): boolean => {
        if (this.state === "active") resolve();
        else if (this.state === "closed") reject(this.#whyClosed());
        else return false;
        return true;
      };
      this.#connection.connect();
      if (settle()) return;
      const cancel = this.on("statechange", () => {
        if (settle()) cancel();
      });
    });
    // Whoever does not wait for it hears of a failure by `statechange` and `error`.
    done.catch(() => {});
    return done;
  }

  /** Ends the connection. What has not been answered is rejected. `code` and `reason` are for the log alone. */
  disconnect(code = 1000, reason = ""): void {
    this.#connection.disconnect(`${code} ${reason}`);
  }

  /** What is returned takes the listener away again. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): Cancel {
    return this.#emitter.on(name, listener);
  }

  /** As `on`, for the first time alone. */
  once<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): Cancel {
    return this.#emitter.once(name, listener);
  }

  /** Takes away a listener that was given to `on`. */
  off<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): void {
    this.#emitter.off(name, listener);
  }

  #publish(envelope: Envelope): void {
    this.#emitter.emit("message", envelope);
    this.bus.publish(envelope);
  }

  #changed(previous: ConnectionState, next: ConnectionState): void {
    const [previousState, newState] = [publicStateOf(previous), publicStateOf(next)];
    // One who signs in again has lost nothing.
    if (next.name === "closed") this.#outbox.close();
    else if (previous.name === "closed") this.#outbox.open();
    this.#emitter.emit("status", next);
    // An attempt that failed goes from waiting to waiting, and the countdown begins anew.
    if (previousState !== newState) this.#emitter.emit("statechange", { previousState, newState });
    const wasConnected = previousState === "connected" || previousState === "active";
    if (wasConnected && newState !== "connected" && newState !== "active") {
      const reason = next.name === "closed" ? next.reason : undefined;
      this.#emitter.emit("disconnected", { willReconnect: newState !== "closed", reason });
    }
    if (newState === "closed" && !(next.name === "closed" && next.reason === "client")) this.#error(this.#whyClosed());
  }

  #error(error: SignalboxError): void {
    this.#emitter.emit("error", error);
  }

  #whyClosed(): SignalboxError {
    const { status } = this;
    if ((status.name === "unauthorized" || status.name === "closed") && status.error) {
      return new SignalboxError(status.error);
    }
    const reason = status.name === "closed" ? status.reason : status.name;
    return new SignalboxError({ code: "unavailable", message: `The client is closed: ${reason}.`, retryable: false });
  }
}

/** Nothing is connected before `connect` is called. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}
