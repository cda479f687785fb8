import type { Namespace } from "../../shared/namespace.ts";
import type { Logger } from "../log/logger.ts";
import type { Established, Link, LinkListener, Transport } from "../transport/transport.ts";
import {
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
  type MachineSettings,
  type TransportName,
  transition,
  viaOf,
} from "./connection-machine.ts";
import type { Cancel, Environment } from "./environment.ts";
import { createKeepAlive, type KeepAlive } from "./keep-alive.ts";
import type { TokenSource } from "./token-source.ts";
import { createUpgrader, type Upgrader } from "./upgrader.ts";

export interface ConnectionDeps {
  transports: Record<TransportName, Transport>;
  namespaces: readonly Namespace[];
  tokens: TokenSource;
  environment: Environment;
  settings: MachineSettings;
  logger: Logger;
}

interface ConnectionListener {
  changed(previous: ConnectionState, next: ConnectionState): void;
  /** A link is established. Call `restored` when every room has caught up. */
  linked(link: Link, established: Established): void;
  /** The link has ended. Commands in flight get no reply. */
  unlinked(): void;
  /** Every message of the server. */
  message: LinkListener["message"];
}

const tokenTimeoutMs = 30_000;

/** Driver of the connection machine: feeds it events and carries out its effects. */
export class Connection {
  readonly #deps: ConnectionDeps;
  readonly #listener: ConnectionListener;
  readonly #keepAlive: KeepAlive;
  readonly #upgrader: Upgrader;
  readonly #events: ConnectionEvent[] = [];
  #state: ConnectionState = { name: "idle" };
  #isStepping = false;
  #link: Link | undefined;
  #established: Established | undefined;
  #isLinked = false;
  /** Results of earlier generations are ignored. */
  #generation = 0;
  #stopWaiting: Cancel = () => {};
  #stopWatching: Cancel | undefined;
  #nextAttemptAt: number | null = null;
  #offlineSince: number | null = null;
  /** The last report of the browser. */
  #isOffline = false;

  constructor(deps: ConnectionDeps, listener: ConnectionListener) {
    this.#deps = deps;
    this.#listener = listener;
    this.#keepAlive = createKeepAlive({ ...deps, current: () => this.#link });
    this.#upgrader = createUpgrader({
      ...deps,
      transport: deps.transports.websocket,
      listenerOf: (isCurrent) => this.#listenTo(isCurrent),
      upgraded: (link, established) => this.#upgraded(link, established),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Id of the current connection, or `null`. */
  get connectionId(): string | null {
    return this.#isLinked ? (this.#established?.connectionId ?? null) : null;
  }

  get userId(): string | null {
    return this.#established?.userId ?? null;
  }

  /** Time of the next attempt, milliseconds since 1970. */
  get nextAttemptAt(): number | null {
    return "delayMs" in this.#state ? this.#nextAttemptAt : null;
  }

  /** Since when the client has been trying to connect, milliseconds since 1970; `null` while active or closed. */
  get offlineSince(): number | null {
    return this.#isLinked ? null : this.#offlineSince;
  }

  /** Round-trip time at the last measurement, milliseconds. */
  get roundTripMs(): number | null {
    return this.#keepAlive.roundTripMs;
  }

  connect(): void {
    this.#stopWatching ??= this.#deps.environment.watch((change) => {
      if (change === "online") this.#upgrader.probeNow();
      if (change !== "visible") this.#isOffline = change === "offline";
      this.#dispatch({ type: change });
    });
    this.#dispatch({ type: "connect" });
  }

  /** `why` is logged. */
  disconnect(why = ""): void {
    this.#deps.logger.debug(`disconnected by the application: ${why}`);
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#dispatch({ type: "disconnect" });
  }

  restored(link: Link): void {
    if (link === this.#link) this.#dispatch({ type: "restored" });
  }

  #dispatch(event: ConnectionEvent): void {
    this.#events.push(event);
    // Listeners and effects may dispatch further events.
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#step(next);
    } finally {
      this.#isStepping = false;
    }
  }

  #step(event: ConnectionEvent): void {
    const { settings, environment, logger } = this.#deps;
    const previous = this.#state;
    const context = { settings, random: environment.random(), isOffline: this.#isOffline };
    const { state, effects } = transition(previous, event, context);
    if (state === previous && effects.length === 0) return;
    this.#state = state;
    logger.debug(`${previous.name} → ${state.name} (${event.type})`);
    // Close before `changed`: the listener must not see a link that has ended.
    if (effects.some((effect) => effect.do === "close")) this.#close();
    for (const effect of effects) if (effect.do === "wait") this.#nextAttemptAt = environment.now() + effect.delayMs;
    if (["active", "closed", "unauthorized"].includes(state.name)) this.#offlineSince = null;
    else if (state.name !== "restoring") this.#offlineSince ??= environment.now();
    if (state !== previous) this.#listener.changed(previous, state);
    for (const effect of effects) this.#carryOut(effect);
    this.#upgrader.follow(viaOf(state));
  }

  #carryOut(effect: ConnectionEffect): void {
    switch (effect.do) {
      case "fetchToken":
        return this.#fetchToken();
      case "open":
        return this.#open(effect.via, effect.token);
      case "restore":
        return this.#restore();
      case "wait":
        this.#stopWaiting = this.#deps.environment.after(effect.delayMs, () => this.#dispatch({ type: "due" }));
        return;
      case "stopWaiting":
        return this.#stopWaiting();
      case "probe":
        if (this.#link) this.#keepAlive.probe(this.#link, () => this.#dispatch({ type: "dropped" }));
        return;
      case "close":
        return;
    }
  }

  #fetchToken(): void {
    const { tokens, environment } = this.#deps;
    const generation = ++this.#generation;
    // A token request that never settles counts as failed.
    const cancel = environment.after(tokenTimeoutMs, () => {
      if (generation !== this.#generation) return;
      this.#generation += 1;
      this.#dispatch({ type: "noToken" });
    });
    void tokens.ask().then((answer) => {
      cancel();
      if (generation !== this.#generation) return;
      this.#dispatch("token" in answer ? { type: "token", token: answer.token } : { type: "noToken", ...answer });
    });
  }

  #open(via: TransportName, token: string | undefined): void {
    const generation = ++this.#generation;
    const { transports, namespaces } = this.#deps;
    const isCurrent = () => generation === this.#generation;
    this.#link = transports[via].open(
      { token, namespaces },
      {
        ...this.#listenTo(isCurrent),
        opened: (established) => {
          if (!isCurrent()) return;
          this.#established = established;
          this.#dispatch({ type: "opened" });
        },
      },
    );
  }

  /** Listener of a link while it is the current one. */
  #listenTo(isCurrent: () => boolean): Omit<LinkListener, "opened"> {
    const dispatch = (event: ConnectionEvent) => {
      if (isCurrent()) this.#dispatch(event);
    };
    return {
      refused: (error) => dispatch({ type: "refused", error }),
      failed: (why) => {
        this.#deps.logger.info(`no connection: ${why}`);
        dispatch({ type: "failed" });
      },
      dropped: (end) => dispatch({ type: "dropped", ...end }),
      message: (namespace, name, data, answer) => {
        if (!isCurrent()) return;
        this.#keepAlive.message(namespace, name, data);
        this.#listener.message(namespace, name, data, answer);
      },
    };
  }

  #restore(): void {
    if (!this.#link || !this.#established) return;
    if (this.#isLinked) this.#listener.unlinked();
    this.#isLinked = true;
    this.#keepAlive.start(this.#link);
    this.#listener.linked(this.#link, this.#established);
  }

  #upgraded(link: Link, established: Established): () => boolean {
    this.#link?.close();
    const generation = ++this.#generation;
    this.#link = link;
    this.#established = established;
    this.#dispatch({ type: "upgraded" });
    return () => generation === this.#generation;
  }

  #close(): void {
    this.#generation += 1;
    this.#link?.close();
    this.#link = undefined;
    if (this.#isLinked) this.#listener.unlinked();
    this.#isLinked = false;
  }
}
