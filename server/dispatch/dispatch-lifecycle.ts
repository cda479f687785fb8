import type { Progress } from "../../shared/entities/dispatch.ts";
import type { CreateDispatchBody } from "../../shared/http/dispatches.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { DispatchResponses } from "../conversations/dispatch-responses.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { newEventId } from "../publish/event-id.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Waiters } from "../runtime/waiters.ts";
import type { Leases } from "../store/leases.ts";
import type { StoreTime } from "../store/store-time.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import type { LocalAgents } from "./agents/local-agents.ts";
import type { DispatchEffect, DispatchInput } from "./dispatch-machine.ts";
import { type DispatchRecord, hasEnded, responseOf, type Work, withoutAbsent } from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import type { EffectRunner, TaskFollower } from "./effect-runner.ts";
import { queueOf, type Scheduler } from "./scheduler.ts";
import type { StepRejected, StepResult } from "./step-result.ts";

/** The end of a dispatch. Without a record it ended at another instance. */
export interface EndedDispatch {
  record?: DispatchRecord;
}

export interface DispatchLifecycleDeps {
  dispatchStore: DispatchStore;
  leases: Leases;
  scheduler: Scheduler;
  agentDelivery: Pick<AgentDelivery, "reconcile">;
  effectRunner: EffectRunner;
  responses: DispatchResponses;
  tasks: Pick<TaskFollower, "assertExists">;
  waiters: Waiters<MessageId, EndedDispatch>;
  localAgents: LocalAgents;
  broadcast: Broadcast;
  time: StoreTime;
  leaseMs: number;
  /** The `traceparent` of the current request, if traces are recorded. */
  trace?: (() => string | undefined) | undefined;
  failed: Failed;
}

/** How often a request that waits for the end reads the record, in case the broadcast about the end is lost. */
const rereadMs = 1_000;

/** Dispatches from their creation to their end: makes the steps, and runs their effects. */
export class DispatchLifecycle {
  readonly #deps: DispatchLifecycleDeps;

  constructor(deps: DispatchLifecycleDeps) {
    this.#deps = deps;
  }

  /**
   * Creates a dispatch. If the user has a dispatch with this id already, resolves with that.
   * Rejects with `agent_offline` if no agent for it is connected and it must not be queued, with `conflict` if another
   * user has used the id, and with `not_found` if its task does not exist.
   */
  async create(body: CreateDispatchBody, createdBy: UserId): Promise<DispatchRecord> {
    const { dispatchStore, scheduler, tasks, time } = this.#deps;
    const { timeoutMs, queue, id, ...rest } = body;
    // Both at the same time, since most ids are new.
    const candidates = scheduler.candidates(withoutAbsent(rest), undefined);
    const [before] = await Promise.all([id && dispatchStore.get(id), candidates.catch(() => {})]);
    if (before) return ownOf(before.value, createdBy);

    const now = time.now();
    const messageId = id ?? (newEventId(now) as string as MessageId);
    const work: Work = { ...withoutAbsent(rest), messageId, createdAt: now, createdBy, deadline: now + timeoutMs };
    if (work.taskId) await tasks.assertExists(work.taskId);
    const state: DispatchRecord["state"] = { status: "queued", attempt: 0 };
    const trace = this.#deps.trace?.();
    const record: DispatchRecord = {
      work,
      state,
      updatedAt: now,
      agents: [],
      pending: {},
      ...(trace && { trace }),
      writeId: newEventId(now),
    };
    const created = await scheduler.submit(record, await candidates, queue, () => this.#prepare(record, timeoutMs));
    if (created) return ownOf(created, createdBy);
    const who = work.agentId ? `Agent ${work.agentId}` : `An agent that has ${JSON.stringify(work.capability)}`;
    throw new Rejection("agent_offline", `${who} is not connected.`);
  }

  /** Called before the dispatch is written, so that no dispatch is without a lease. */
  async #prepare(record: DispatchRecord, timeoutMs: number): Promise<void> {
    const { responses, leases, leaseMs } = this.#deps;
    const response = responseOf(record);
    if (response) await responses.claim(response);
    await leases.set("dispatches", [{ id: record.work.messageId, inMs: Math.min(leaseMs, timeoutMs) }]);
  }

  /** Reads a dispatch; with `waitMs`, waits at most for so long until it has ended. Rejects with `not_found`. */
  async get(messageId: MessageId, waitMs: number): Promise<DispatchRecord> {
    const read = async () => {
      const found = await this.#deps.dispatchStore.get(messageId);
      if (!found) throw notFound(messageId);
      return found.value;
    };
    if (waitMs <= 0) return read();
    return this.#deps.waiters.wait([messageId], waitMs, async (wait) => {
      for (;;) {
        const record = await read();
        if (hasEnded(record) || wait.isOver) return record;
        const ended = await wait.next(rereadMs);
        if (ended?.record) return ended.record;
      }
    });
  }

  /** Cancels a dispatch. Idempotent. Rejects with `not_found`, or with `conflict` if it has ended in another way. */
  async cancel(messageId: MessageId, reason: string): Promise<DispatchRecord> {
    const stepped = await this.step(messageId, { type: "cancelled", reason });
    if (!("refused" in stepped)) return stepped.record;
    const { record } = stepped;
    if (!record) throw notFound(messageId);
    if (record.state.status === "cancelled") return record;
    throw new Rejection("conflict", `Dispatch ${messageId} is ${record.state.status}.`);
  }

  /** Commits a step, if it is possible. Its effects are carried out in the background. */
  async step(messageId: MessageId, input: DispatchInput, progress?: Progress): Promise<StepResult | StepRejected> {
    const stepped = await this.#deps.dispatchStore.step(messageId, input, progress);
    if ("refused" in stepped) return stepped;
    this.#runEffects(stepped).catch((error: unknown) =>
      this.#deps.failed("carry out what follows from a step of a dispatch", error, { willRetry: true, messageId }),
    );
    return stepped;
  }

  /** Handles a due lease of a dispatch: nothing was heard of it for that time, the deadline has passed, it waits for an agent, or effects are pending. */
  async onDue(messageId: MessageId): Promise<void> {
    const { dispatchStore, leases, scheduler, effectRunner, time } = this.#deps;
    const found = await dispatchStore.get(messageId);
    if (!found) return leases.clear("dispatches", messageId);
    const { state, work } = found.value;
    const now = time.now();
    if (hasEnded(found.value)) return effectRunner.flush(found.value);
    if (now >= work.deadline) return void (await this.step(messageId, { type: "deadline_passed" }));
    if (state.status === "queued") return void (await scheduler.assign(found.value));
    const stepped = await this.step(messageId, { type: "lease_expired" });
    // Messages about the dispatch renew the lease in the record only, so the lease in the queue is set to the same time.
    const { state: present } = "refused" in stepped && stepped.record ? stepped.record : { state };
    if ("leaseUntil" in present && "refused" in stepped && stepped.refused === "early") {
      await leases.set("dispatches", [{ id: messageId, inMs: present.leaseUntil - now }]);
    }
  }

  async #runEffects({ record, effects }: StepResult): Promise<void> {
    const { messageId } = record.work;
    const { leases, broadcast, effectRunner, scheduler, waiters } = this.#deps;
    for (const effect of effects) {
      if (effect.type === "attempt_ended") await this.#attemptEnded(record, effect);
      if (effect.type === "requeued") await scheduler.assign(record);
      if (effect.type !== "ended") continue;
      waiters.wake(messageId, { record });
      broadcast.send({ kind: "ended", messageId });
    }
    const wasQueued = hasEnded(record) && !effects.some(({ type }) => type === "attempt_ended");
    if (wasQueued) await leases.clear(queueOf(record.work), messageId);
    if (Object.keys(record.pending).length > 0) await effectRunner.flush(record);
    else if (hasEnded(record)) await leases.clear("dispatches", messageId);
  }

  async #attemptEnded(
    { work: { messageId } }: DispatchRecord,
    { agentId, status }: Extract<DispatchEffect, { type: "attempt_ended" }>,
  ): Promise<void> {
    const { responses, localAgents, agentDelivery, scheduler, broadcast, failed } = this.#deps;
    await responses.flushAndClose(messageId);
    if (!localAgents.get(agentId)) return broadcast.send({ kind: "agent", agentId });
    const endedByAgent = status === "completed" || status === "failed";
    if (!endedByAgent) await agentDelivery.reconcile(agentId);
    scheduler
      .assignWaiting(agentId)
      .catch((error: unknown) => failed("assign waiting dispatches to an agent", error, { willRetry: true, agentId }));
  }
}

function ownOf(record: DispatchRecord, createdBy: UserId): DispatchRecord {
  if (record.work.createdBy === createdBy) return record;
  throw new Rejection("conflict", `Dispatch ${record.work.messageId} is another user's.`);
}

export const notFound = (messageId: string) => new Rejection("not_found", `There is no dispatch ${messageId}.`);
