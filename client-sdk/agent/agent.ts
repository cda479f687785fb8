import type { CancelMessage, DispatchAcceptance, DispatchMessage } from "../../shared/agent-messages.ts";
import type { CommandData, CommandInput, CommandName } from "../../shared/commands/catalogue.ts";
import { EventType } from "../../shared/event-type.ts";
import type { ClientOptions } from "../client-options.ts";
import { Connection } from "../connection/connection.ts";
import type { ConnectionState } from "../connection/connection-machine.ts";
import type { Cancel, Environment } from "../connection/environment.ts";
import { type PublicState, publicStateOf } from "../connection/public-state.ts";
import { connectionDeps } from "../connection-deps.ts";
import { Emitter } from "../emitter.ts";
import type { Logger } from "../log/logger.ts";
import { commandPolicies } from "../sending/command-policies.ts";
import { Outbox } from "../sending/outbox.ts";
import { SignalboxError } from "../signalbox-error.ts";
import type { Link } from "../transport/transport.ts";
import type { OnDispatch, Work, WorkPorts } from "./running-work.ts";
import { WorkPool } from "./work-pool.ts";

/** Identity and capabilities of an agent, and its connection options. */
export interface AgentOptions extends Omit<ClientOptions, "namespaces" | "positions" | "name" | "fallback"> {
  agentId: string;
  /** Capabilities by which dispatches are assigned to it. */
  capabilities: readonly string[];
  /** Dispatches at the same time. Default: 1. */
  concurrency?: number;
  workdir?: string;
  metadata?: CommandInput<"/agents", "register">["metadata"];
  /** Carries out a dispatch. An error that it throws fails the dispatch. */
  onDispatch: OnDispatch;
}

/** Events of an agent's connection. */
export type AgentEvents = {
  statechange: { previousState: PublicState; newState: PublicState };
  /** The server refused the connection or the registration. */
  error: SignalboxError;
};

/** An agent: registered while it is connected, and working on its dispatches whether or not it is connected. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #environment: Environment;
  readonly #logger: Logger;
  readonly #emitter = new Emitter<AgentEvents>();
  readonly #pool: WorkPool;
  #isStopping = false;
  #stopHeartbeat: Cancel = () => {};

  constructor(options: AgentOptions) {
    const deps = connectionDeps({ ...options, fallback: false });
    this.#options = options;
    this.#environment = deps.environment;
    this.#logger = deps.logger.for("agent");
    const { maxWaiting: capacity = 10_000, answerTimeoutMs = 20_000 } = options;
    this.#outbox = new Outbox({ environment: deps.environment, capacity, answerTimeoutMs });
    const { concurrency = 1, onDispatch } = options;
    this.#pool = new WorkPool({ concurrency, onDispatch, portsFor: (work) => this.#portsFor(work) });
    this.#connection = new Connection(
      { ...deps, namespaces: ["/agents"], logger: this.#logger },
      {
        changed: (previous, next) => this.#changed(previous, next),
        linked: (link) => this.#register(link),
        unlinked: () => {
          this.#stopHeartbeat();
          this.#outbox.detach();
        },
        message: (_namespace, name, data, answer) => {
          if (name === "dispatch") this.#dispatched(data as DispatchMessage, answer);
          if (name === "cancel") this.#pool.abort([(data as CancelMessage).messageId], (data as CancelMessage).reason);
        },
      },
    );
  }

  get state(): PublicState {
    return publicStateOf(this.#connection.state);
  }

  /** Ids of the running dispatches. */
  get inFlight(): readonly string[] {
    return this.#pool.ids;
  }

  /** Returns a function that removes the listener. */
  on<Name extends keyof AgentEvents>(name: Name, listener: (data: AgentEvents[Name]) => void): Cancel {
    return this.#emitter.on(name, listener);
  }

  /** Connects and registers. Resolves when registered; rejects when the server refuses. */
  start(): Promise<void> {
    this.#isStopping = false;
    const done = new Promise<void>((resolve, reject) => {
      const cancels = [
        this.on("statechange", ({ newState }) => {
          if (newState !== "active") return;
          settle();
          resolve();
        }),
        this.on("error", (error) => {
          settle();
          reject(error);
        }),
      ];
      const settle = () => {
        for (const cancel of cancels) cancel();
      };
      this.#connection.connect();
    });
    done.catch(() => {});
    return done;
  }

  /** Accepts no more work, finishes what is running, and disconnects. Work still running after `graceMs` is aborted. */
  async stop({ graceMs = 25_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#isStopping = true;
    await new Promise<void>((resolve) => {
      const cancelTimeout = this.#environment.after(graceMs, () => {
        cancel();
        resolve();
      });
      const cancel = this.#pool.onceIdle(() => {
        cancelTimeout();
        resolve();
      });
    });
    this.#pool.abort(this.inFlight, "The agent was stopped.");
    this.#connection.disconnect("the agent was stopped");
  }

  /** Publishes one of the activity events of agents. */
  async report(activity: CommandInput<"/agents", "activity">): Promise<void> {
    await this.#send("activity", activity, "activity");
  }

  #register(link: Link): void {
    const { agentId, capabilities, concurrency = 1, workdir, metadata } = this.#options;
    const registration: CommandInput<"/agents", "register"> = {
      agentId,
      capabilities: [...capabilities],
      concurrency,
      inFlight: this.#pool.attempts,
      ...(workdir === undefined ? {} : { workdir }),
      ...(metadata === undefined ? {} : { metadata }),
    };
    link.command("/agents", "register", registration, (reply) => {
      if (!reply.ok) return this.#registrationFailed(link, new SignalboxError(reply.error));
      const { resume, cancel, heartbeatIntervalMs } = reply.data as CommandData<"/agents", "register">;
      const resumed = new Set(resume.map(({ messageId }) => messageId as string));
      this.#pool.abort(cancel, "The work was cancelled.");
      this.#pool.abort(
        registration.inFlight?.map(({ messageId }) => messageId).filter((id) => !resumed.has(id)) ?? [],
        "The work was assigned to another agent.",
      );
      this.#scheduleHeartbeat(link, heartbeatIntervalMs);
      this.#outbox.attach(link);
      this.#connection.restored(link);
    });
  }

  #registrationFailed(link: Link, error: SignalboxError): void {
    this.#logger.warn(`not registered: ${error.code}: ${error.message}`);
    if (error.retryable) {
      this.#stopHeartbeat = this.#environment.after(1_000, () => this.#register(link));
      return;
    }
    this.#emitter.emit("error", error);
    this.#connection.disconnect("the registration was refused");
  }

  #scheduleHeartbeat(link: Link, intervalMs: number): void {
    this.#stopHeartbeat = this.#environment.after(intervalMs, () => {
      const heartbeat = { agentId: this.#options.agentId, dispatches: this.#pool.attempts };
      link.command("/agents", "heartbeat", heartbeat, (reply) => {
        if (!reply.ok) return;
        this.#pool.abort((reply.data as CommandData<"/agents", "heartbeat">).cancel, "The work was cancelled.");
      });
      this.#scheduleHeartbeat(link, intervalMs);
    });
  }

  #dispatched(work: DispatchMessage, answer: (acceptance: DispatchAcceptance) => void = () => {}): void {
    answer({ accepted: this.#pool.accept(work, !this.#isStopping) });
  }

  #portsFor({ messageId }: Work): WorkPorts {
    return {
      environment: this.#environment,
      sendProgress: async (progress) => (await this.#send("progress", progress, messageId)).cancel,
      sendResponse: async (response) => void (await this.#send("response", response, messageId)),
      toolUsed: (tool, { ok, durationMs, details = {} }) => {
        const agentName = this.#options.agentId;
        const data = { agentName, tool, ok, details, ...(durationMs === undefined ? {} : { durationMs }) };
        void this.report({ type: EventType.ToolExecuted, data }).catch(() => {});
      },
    };
  }

  async #send<C extends CommandName<"/agents">>(name: C, payload: CommandInput<"/agents", C>, key: string) {
    const policies = commandPolicies["/agents"];
    const command = { namespace: "/agents", name, payload, policy: policies[name], key } as const;
    return (await this.#outbox.send(command)) as CommandData<"/agents", C>;
  }

  #changed(previous: ConnectionState, next: ConnectionState): void {
    const [previousState, newState] = [publicStateOf(previous), publicStateOf(next)];
    if (next.name === "closed") this.#outbox.close();
    else if (previous.name === "closed") this.#outbox.open();
    if (previousState !== newState) this.#emitter.emit("statechange", { previousState, newState });
    if ((next.name === "unauthorized" || next.name === "closed") && next.error) {
      this.#emitter.emit("error", new SignalboxError(next.error));
    } else if (next.name === "closed" && next.reason !== "client") {
      const error = {
        code: "conflict",
        message: `The server closed the connection: ${next.reason}.`,
        retryable: false,
      } as const;
      this.#emitter.emit("error", new SignalboxError(error));
    }
  }
}
