import type { AgentVerdict } from "../../shared/entities/agent.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import type { AbandonedResponses } from "../conversations/abandoned-responses.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import type { LeaseQueue, Leases } from "../store/leases.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import type { AgentExpiry } from "./agent-expiry.ts";
import type { Agents } from "./agents/agents.ts";
import type { DispatchLifecycle, DispatchLifecycleDeps } from "./dispatch-lifecycle.ts";
import type { Scheduler } from "./scheduler.ts";

interface LeaseSweeperDeps {
  leases: Leases;
  agents: Agents;
  lifecycle: Pick<DispatchLifecycle, "onDue">;
  agentExpiry: Pick<AgentExpiry, "onDue">;
  abandonedResponses: Pick<AbandonedResponses, "onDue">;
  agentDelivery: Pick<AgentDelivery, "reconcile" | "reconcileAll">;
  scheduler: Pick<Scheduler, "assignWaiting" | "assignWaitingFor">;
  waiters: Pick<DispatchLifecycleDeps["waiters"], "wake">;
  broadcast: Broadcast;
  leaseMs: number;
  heartbeatIntervalMs: number;
  /** The monotonic clock by which a late sweep is recognised. Default: that of the process. */
  processMs?: () => number;
  failed: Failed;
}

const sweepMs = 1_000;
/** A sweep that is late by so much, or by half a lease, follows a sleep. */
const lateMs = 5_000;
const claimedAtOnce = 50;
/** How long a claimed lease is hidden from other instances: longer than it takes to handle it. */
const claimMs = 5_000;

/**
 * Claims the leases that are due, once a second, and has each handled. Between sweeps it acts at once on the
 * notifications of other instances: an agent's dispatches changed, a capability has free agents, a dispatch ended. A
 * lost notification delays the work until the next sweep.
 */
export class LeaseSweeper {
  readonly #deps: LeaseSweeperDeps;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;
  readonly #processMs: () => number;
  #sweptMs: number;
  /** No lease is claimed before this time of the process: until just now the store was unreachable, or the process slept. */
  #claimsPausedUntil = 0;
  #verdicts: Partial<Record<AgentVerdict["state"], number>> = {};
  #inFlight = 0;

  constructor(deps: LeaseSweeperDeps) {
    this.#deps = deps;
    this.#processMs = deps.processMs ?? (() => performance.now());
    this.#sweptMs = this.#processMs();
    this.#timer = setInterval(() => void this.sweep(), Math.min(sweepMs, deps.leaseMs / 4)).unref();
    this.#listen();
  }

  /** The number of agents connected to this instance, by verdict, as of the last sweep. */
  get verdicts(): Partial<Record<AgentVerdict["state"], number>> {
    return this.#verdicts;
  }

  /** The number of dispatches in flight at the agents connected to this instance, as of the last sweep. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Sweeps once. If a sweep is under way, no other is started and its promise is returned. */
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
    const { lifecycle, agentExpiry, abandonedResponses, agentDelivery, agents, failed } = this.#deps;
    this.#pauseIfLate();
    try {
      const records = await agentDelivery.reconcileAll();
      this.#verdicts = {};
      this.#inFlight = 0;
      for (const { verdict, inFlight } of records) {
        this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
        this.#inFlight += inFlight.length;
      }
      await Promise.all(records.map((record) => agents.evaluate(record)));
      if (this.#processMs() < this.#claimsPausedUntil) return;
      await this.#claimAll("dispatches", (id) => lifecycle.onDue(id as MessageId));
      await this.#claimAll("agents", (id) => agentExpiry.onDue(id as AgentId));
      await this.#claimAll("responses", (key, until) => abandonedResponses.onDue(key, until));
    } catch (error) {
      // No lease could be renewed while the store was unreachable.
      this.#pauseClaims();
      failed("look for leases that have run out", error, { willRetry: true });
    }
  }

  /** After a sleep of the process or the machine, what agents sent meanwhile has not been read yet. */
  #pauseIfLate(): void {
    const nowMs = this.#processMs();
    if (nowMs - this.#sweptMs > sweepMs + Math.min(lateMs, this.#deps.leaseMs / 2)) this.#pauseClaims();
    this.#sweptMs = nowMs;
  }

  /** Agents first get the time to send a heartbeat. */
  #pauseClaims(): void {
    const { leaseMs, heartbeatIntervalMs } = this.#deps;
    this.#claimsPausedUntil = this.#processMs() + Math.min(leaseMs / 2, heartbeatIntervalMs * 1.2);
  }

  /** `until`: when other instances can claim the same lease, as `performance.now()`. */
  async #claimAll(queue: LeaseQueue, onDue: (id: string, until: number) => Promise<void>): Promise<void> {
    for (;;) {
      const until = performance.now() + claimMs;
      const claimed = await this.#deps.leases.claim(queue, claimedAtOnce, claimMs);
      const results = await Promise.allSettled(claimed.map((id) => onDue(id, until)));
      for (const [index, result] of results.entries()) {
        if (result.status === "fulfilled") continue;
        const context = { willRetry: true, queue, id: claimed[index] };
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
      if (message.kind === "ended") waiters.wake(message.messageId, {});
    });
  }
}
