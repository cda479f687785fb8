import type { Progress } from "../../shared/entities/dispatch.ts";
import type { CreateDispatchBody } from "../../shared/http/dispatches.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { DispatchResponses } from "../conversations/dispatch-responses.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { newEventId } from "../publish/event-id.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Leases } from "../store/leases.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import type { LocalAgents } from "./agents/local-agents.ts";
import type { DispatchEffect, DispatchInput } from "./dispatch-machine.ts";
import { type DispatchRecord, hasEnded, responseOf, type Work, withoutAbsent } from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import type { EffectRunner, TaskFollower } from "./effect-runner.ts";
import { queueOf, type Scheduler } from "./scheduler.ts";
import type { StepRejected, StepResult } from "./step-result.ts";
import type { DispatchWaiters } from "./waiters.ts";

export interface DispatchLifecycleDeps {
  dispatches: DispatchStore;
  leases: Leases;
  scheduler: Scheduler;
  agentDelivery: Pick<AgentDelivery, "reconcile">;
  effectRunner: EffectRunner;
  responses: DispatchResponses;
  tasks: Pick<TaskFollower, "assertExists">;
  waiters: DispatchWaiters<DispatchRecord>;
  localAgents: LocalAgents;
  broadcast: Broadcast;
  clock: Clock;
  leaseMs: number;
  /** `traceparent` of what is going on here, if traces are kept. */
  trace?: (() => string | undefined) | undefined;
  failed: Failed;
}

/** Dispatches from the first to the last: each step, and what follows from it. */
export class DispatchLifecycle {
  readonly #deps: DispatchLifecycleDeps;

  constructor(deps: DispatchLifecycleDeps) {
    this.#deps = deps;
  }

  /**
   * Takes work on. The same id again is the same dispatch, as it is by now.
   * Rejects with `agent_offline` when nobody is there and it is not to wait, with `conflict` when somebody else has used
   * the id, and with `not_found` for a task that does not exist.
   */
  async create(body: CreateDispatchBody, createdBy: UserId): Promise<DispatchRecord> {
    const { dispatches, scheduler, tasks, clock } = this.#deps;
    const { timeoutMs, queue, id, ...rest } = body;
    // Looked for meanwhile, since most ids are new.
    const looking = scheduler.candidates(withoutAbsent(rest), undefined);
    const [before] = await Promise.all([id && dispatches.get(id), looking.catch(() => {})]);
    if (before) return ownOf(before.value, createdBy);

    const now = clock.now();
    const messageId = id ?? (newEventId(now) as string as MessageId);
    const work: Work = { ...withoutAbsent(rest), messageId, createdAt: now, createdBy, deadline: now + timeoutMs };
    if (work.taskId) await tasks.assertExists(work.taskId);
    const state: DispatchRecord["state"] = { status: "queued", attempt: 0 };
    const trace = this.#deps.trace?.();
    const mark = newEventId(now);
    const record: DispatchRecord = {
      work,
      state,
      updatedAt: now,
      agents: [],
      pending: {},
      ...(trace && { trace }),
      writeId: mark,
    };
    const taken = await scheduler.submit(record, await looking, queue, () => this.#prepare(record, timeoutMs));
    if (taken) return ownOf(taken, createdBy);
    const who = work.agentId ? `Agent ${work.agentId}` : `An agent that has ${JSON.stringify(work.capability)}`;
    throw new Rejection("agent_offline", `${who} is not connected.`);
  }

  /** Before there is a dispatch, so that there is none that nobody looks at. */
  async #prepare(record: DispatchRecord, timeoutMs: number): Promise<void> {
    const { responses, leases, leaseMs } = this.#deps;
    const response = responseOf(record);
    if (response) await responses.claim(response);
    await leases.set("dispatches", [{ id: record.work.messageId, inMs: Math.min(leaseMs, timeoutMs) }]);
  }

  /** Rejects with `not_found`. With `waitMs` the answer may take so long, and comes when the dispatch has ended. */
  async get(messageId: MessageId, waitMs: number): Promise<DispatchRecord> {
    const look = async () => {
      const found = await this.#deps.dispatches.get(messageId);
      if (!found) throw notFound(messageId);
      return { value: found.value, isLast: hasEnded(found.value) };
    };
    return waitMs > 0 ? this.#deps.waiters.wait(messageId, waitMs, look) : (await look()).value;
  }

  /** Rejects with `not_found`, or with `conflict` when it has ended otherwise. Cancelling twice is as good as once. */
  async cancel(messageId: MessageId, reason: string): Promise<DispatchRecord> {
    const stepped = await this.step(messageId, { type: "cancelled", reason });
    if (!("refused" in stepped)) return stepped.record;
    const { record } = stepped;
    if (!record) throw notFound(messageId);
    if (record.state.status === "cancelled") return record;
    throw new Rejection("conflict", `Dispatch ${messageId} is ${record.state.status}.`);
  }

  /** Makes a step, if it is possible, and sees to what follows from it. */
  async step(messageId: MessageId, input: DispatchInput, progress?: Progress): Promise<StepResult | StepRejected> {
    const stepped = await this.#deps.dispatches.step(messageId, input, progress);
    if ("refused" in stepped) return stepped;
    this.#runEffects(stepped).catch((error: unknown) =>
      this.#deps.failed("carry out what follows from a step of a dispatch", error, { willRetry: true, messageId }),
    );
    return stepped;
  }

  /** Its time has come: a lease has run out, the deadline, or something is still owed. */
  async onDue(messageId: MessageId): Promise<void> {
    const { dispatches, leases, scheduler, effectRunner, clock } = this.#deps;
    const found = await dispatches.get(messageId);
    if (!found) return leases.clear("dispatches", messageId);
    const { state, work } = found.value;
    const now = clock.now();
    if (hasEnded(found.value)) return effectRunner.flush(found.value);
    if (now >= work.deadline) return void (await this.step(messageId, { type: "deadline_passed" }));
    if (state.status === "queued") return void (await scheduler.assign(found.value));
    const stepped = await this.step(messageId, { type: "lease_expired" });
    // What an agent says renews the lease in the dispatch; only what it does not write is renewed in the line.
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
      if (effect.type === "waits") await scheduler.assign(record);
      if (effect.type !== "ended") continue;
      waiters.wake(messageId, record);
      broadcast.send({ kind: "ended", messageId });
    }
    const wasWaiting = hasEnded(record) && !effects.some(({ type }) => type === "attempt_ended");
    if (wasWaiting) await leases.clear(queueOf(record.work), messageId);
    if (Object.keys(record.pending).length > 0) await effectRunner.flush(record);
    else if (hasEnded(record)) await leases.clear("dispatches", messageId);
  }

  async #attemptEnded(
    { work: { messageId } }: DispatchRecord,
    { agentId, status }: Extract<DispatchEffect, { type: "attempt_ended" }>,
  ): Promise<void> {
    const { responses, localAgents, agentDelivery, scheduler, broadcast, failed } = this.#deps;
    await responses.release(messageId);
    if (!localAgents.get(agentId)) return broadcast.send({ kind: "agent", agentId });
    const saidSoItself = status === "completed" || status === "failed";
    if (!saidSoItself) await agentDelivery.reconcile(agentId);
    scheduler
      .assignWaiting(agentId)
      .catch((error: unknown) => failed("assign waiting dispatches to an agent", error, { willRetry: true, agentId }));
  }
}

function ownOf(record: DispatchRecord, createdBy: UserId): DispatchRecord {
  if (record.work.createdBy === createdBy) return record;
  throw new Rejection("conflict", `Somebody else has a dispatch ${record.work.messageId}.`);
}

export const notFound = (messageId: string) => new Rejection("not_found", `There is no dispatch ${messageId}.`);
