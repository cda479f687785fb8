import type { AgentVerdict } from "../../shared/entities/agent.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import type { LeaseQueue, Leases } from "../store/leases.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import type { AgentExpiry } from "./agent-expiry.ts";
import type { Agents } from "./agents/agents.ts";
import type { DispatchLifecycle } from "./dispatch-lifecycle.ts";
import type { Scheduler } from "./scheduler.ts";
import type { DispatchWaiters } from "./waiters.ts";

export interface LeaseSweeperDeps {
  leases: Leases;
  agents: Agents;
  lifecycle: Pick<DispatchLifecycle, "onDue">;
  agentExpiry: Pick<AgentExpiry, "onDue">;
  agentDelivery: Pick<AgentDelivery, "reconcile" | "reconcileAll">;
  scheduler: Pick<Scheduler, "assignWaiting" | "assignWaitingFor">;
  waiters: Pick<DispatchWaiters<unknown>, "wake">;
  broadcast: Broadcast;
  leaseMs: number;
  heartbeatIntervalMs: number;
  failed: Failed;
}

const roundMs = 1_000;
const claimedAtOnce = 50;
/** How long nobody else looks at what was claimed: more than it takes to look. */
const claimMs = 5_000;

/** Looks at everything whose time has come, again and again, and at once where somebody says that there is a reason to. */
export class LeaseSweeper {
  readonly #deps: LeaseSweeperDeps;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;
  #notBefore = 0;
  #verdicts: Partial<Record<AgentVerdict["state"], number>> = {};
  #inFlight = 0;

  constructor(deps: LeaseSweeperDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.sweep(), Math.min(roundMs, deps.leaseMs / 4)).unref();
    this.#listen();
  }

  /** How many of the agents that are connected here are judged how, as of the round before. */
  get verdicts(): Partial<Record<AgentVerdict["state"], number>> {
    return this.#verdicts;
  }

  /** How many dispatches the agents that are connected here have, as of the round before. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Goes one round; one that is under way is joined. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweepOnce(): Promise<void> {
    const { lifecycle, agentExpiry, agentDelivery, agents, leaseMs, heartbeatIntervalMs, failed } = this.#deps;
    try {
      const records = await agentDelivery.reconcileAll();
      this.#verdicts = {};
      this.#inFlight = 0;
      for (const { verdict, inFlight } of records) {
        this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
        this.#inFlight += inFlight.length;
      }
      await Promise.all(records.map((record) => agents.evaluate(record)));
      if (performance.now() < this.#notBefore) return;
      await this.#claimAll("dispatches", (id) => lifecycle.onDue(id as MessageId));
      await this.#claimAll("agents", (id) => agentExpiry.onDue(id as AgentId));
    } catch (error) {
      // While the store was away nobody could renew a lease: agents have the time of a heartbeat to do so now.
      this.#notBefore = performance.now() + Math.min(leaseMs / 2, heartbeatIntervalMs * 1.2);
      failed("look for leases that have run out", error, { willRetry: true });
    }
  }

  async #claimAll(line: LeaseQueue, look: (id: string) => Promise<void>): Promise<void> {
    for (;;) {
      const claimed = await this.#deps.leases.claim(line, claimedAtOnce, claimMs);
      const looks = await Promise.allSettled(claimed.map(look));
      for (const [index, result] of looks.entries()) {
        if (result.status === "fulfilled") continue;
        const context = { willRetry: true, queue: line, id: claimed[index] };
        this.#deps.failed("act on a lease that has run out", result.reason, context);
      }
      if (claimed.length < claimedAtOnce) return;
    }
  }

  #listen(): void {
    const { broadcast, agentDelivery, scheduler, waiters, failed } = this.#deps;
    broadcast.listen((message) => {
      if (message.kind === "agent") {
        const { agentId } = message;
        agentDelivery
          .reconcile(agentId)
          .then(() => scheduler.assignWaiting(agentId))
          .catch((error: unknown) => failed("bring an agent its dispatches", error, { willRetry: true, agentId }));
      }
      if (message.kind === "capability") {
        const { capability } = message;
        scheduler
          .assignWaitingFor(capability)
          .catch((error: unknown) => failed("assign waiting dispatches", error, { willRetry: true, capability }));
      }
      if (message.kind === "ended") waiters.wake(message.messageId);
    });
  }
}
