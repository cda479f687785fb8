import type { CommandData, CommandPayload } from "../../shared/commands/catalogue.ts";
import type { Attempt } from "../../shared/entities/dispatch.ts";
import { agentConnected, agentDisconnected } from "../../shared/events/agent-events.ts";
import type { InstanceId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { agentRoom } from "../../shared/room.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { stamp } from "../publish/stamp.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Session } from "../session/session.ts";
import type { Leases } from "../store/leases.ts";
import type { StoreTime } from "../store/store-time.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import { type AgentRecord, disconnected } from "./agents/agent-record.ts";
import type { Agents } from "./agents/agents.ts";
import { type LocalAgent, type LocalAgents, markDone } from "./agents/local-agents.ts";
import type { DispatchLifecycle } from "./dispatch-lifecycle.ts";
import { withoutAbsent } from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import type { Scheduler } from "./scheduler.ts";

interface RegistrationDeps {
  agents: Agents;
  localAgents: LocalAgents;
  dispatchStore: DispatchStore;
  lifecycle: DispatchLifecycle;
  scheduler: Scheduler;
  agentDelivery: AgentDelivery;
  leases: Leases;
  broadcast: Broadcast;
  clock: Clock;
  time: StoreTime;
  instanceId: InstanceId;
  leaseMs: number;
  heartbeatIntervalMs: number;
  failed: Failed;
}

type Payload = CommandPayload<"/agents", "register">;
type Reply = CommandData<"/agents", "register">;

/** Registers agents, resumes their dispatches in flight, and records when they disconnect. */
export class Registration {
  readonly #deps: RegistrationDeps;
  /** Connections that have registered or are about to. */
  readonly #registered = new WeakSet<Session>();
  #isLeaving = false;

  constructor(deps: RegistrationDeps) {
    this.#deps = deps;
  }

  /** Rejects with `conflict` if the connection has registered already, or the agent belongs to another user. */
  async register(session: Session, payload: Payload): Promise<Reply> {
    if (this.#registered.has(session)) throw new Rejection("conflict", "This connection has registered already.");
    this.#registered.add(session);
    try {
      return await this.#register(session, payload);
    } catch (error) {
      this.#registered.delete(session);
      throw error;
    }
  }

  /** The instance is stopping: its agents, and those that still register, are assigned nothing new. */
  leave(): void {
    this.#isLeaving = true;
    for (const { agentId, session } of this.#deps.localAgents) {
      const left = this.#deps.agents.change(agentId, (before) => {
        if (before?.connectionId !== session.connectionId) return undefined;
        return { record: { ...before, isLeaving: true }, events: [] };
      });
      left.catch((error: unknown) =>
        this.#deps.failed("record that an agent is about to leave", error, { willRetry: false, agentId }),
      );
    }
  }

  async #register(session: Session, payload: Payload): Promise<Reply> {
    const { agents, localAgents, leases, leaseMs, heartbeatIntervalMs, failed } = this.#deps;
    const { agentId } = payload;
    const { userId, name } = session.principal;
    await leases.set("agents", [{ id: agentId, inMs: leaseMs }]);
    const record = await agents.change(agentId, (before) => {
      if (before && before.userId !== userId) {
        throw new Rejection("conflict", `Agent ${agentId} is another user's.`);
      }
      return this.#connected(session, payload, before, name);
    });
    if (!record) throw new Rejection("conflict", `Agent ${agentId} could not be registered.`);
    // Once more: an expiry of its earlier lease may have cleared this one before the record said that it is connected.
    await leases.set("agents", [{ id: agentId, inMs: leaseMs }]);

    const other = localAgents.get(agentId);
    const { capabilities } = payload;
    const local: LocalAgent = {
      agentId,
      session,
      capabilities,
      sentAttempts: new Map(),
      progressNotedMs: Number.NEGATIVE_INFINITY,
      isReady: false,
    };
    localAgents.add(local);
    session.onClose(() => this.#left(local));
    if (other) other.session.close("replaced");
    const { resume, cancel } = await this.#resume(local, record, payload.inFlight);
    // Dispatches that were assigned while it was offline, or are queued for it, are sent after the reply.
    setImmediate(() =>
      this.#catchUp(local).catch((error: unknown) =>
        failed("bring a registered agent its dispatches", error, { willRetry: true, agentId: local.agentId }),
      ),
    );
    return { agentId, leaseMs, heartbeatIntervalMs, resume, cancel };
  }

  async #catchUp(local: LocalAgent): Promise<void> {
    const { agentId } = local;
    local.isReady = true;
    // If this connection replaces one at another instance, that instance closes it.
    this.#deps.broadcast.send({ kind: "agent", agentId });
    await this.#deps.agentDelivery.reconcile(agentId);
    await this.#deps.scheduler.assignWaiting(agentId);
  }

  #connected(session: Session, payload: Payload, before: AgentRecord | undefined, name: string | null) {
    const { clock, time, instanceId } = this.#deps;
    const { inFlight: _, ...fields } = payload;
    const { agentId, concurrency, ...about } = withoutAbsent(fields);
    const { connectionId, principal } = session;
    const now = time.now();
    const header = { room: agentRoom(agentId), sender: null };
    const events = [stamp(clock, agentConnected, { ...header, data: { agentId, ...about } })];
    if (before?.status === "connected" && before.connectionId !== connectionId) {
      events.unshift(stamp(clock, agentDisconnected, { ...header, data: { agentId, reason: "replaced" } }));
    }
    const record = {
      agentId,
      ...about,
      concurrency,
      ...(this.#isLeaving && { isLeaving: true }),
      userId: principal.userId,
      name,
      status: "connected" as const,
      instanceId,
      connectionId,
      connectedAt: now,
      lastSeen: now,
      inFlight: before?.inFlight ?? [],
      ...(before?.progressAt !== undefined && { progressAt: before.progressAt }),
    };
    return { record, events };
  }

  /**
   * Resumes what the agent had in flight when it was cut off, or ends the attempt if the agent no longer has it. What it
   * had not accepted yet is sent again after the reply.
   */
  async #resume(local: LocalAgent, record: AgentRecord, inFlight: readonly Attempt[] | undefined) {
    const { dispatchStore, lifecycle, leaseMs } = this.#deps;
    const { agentId } = local;
    const found = await dispatchStore.getMany(record.inFlight.map(({ messageId }) => messageId));
    const resume: Attempt[] = [];
    for (const [index, { messageId, attempt }] of record.inFlight.entries()) {
      const dispatch = found[index];
      if (!dispatch) continue;
      // An agent that leaves `inFlight` out continues all that it has accepted.
      const isKnown = inFlight
        ? inFlight.some((known) => known.messageId === messageId && known.attempt === attempt)
        : dispatch.state.status === "running";
      if (isKnown) {
        local.sentAttempts.set(messageId, { attempt, deadline: dispatch.work.deadline, isDone: false });
        const stepped = await lifecycle.step(messageId, { type: "resumed", agentId, attempt, leaseMs });
        if ("refused" in stepped) markDone(local, messageId);
        else resume.push({ messageId, attempt });
      } else if (dispatch.state.status === "running") {
        const error = "its agent came back without it";
        await lifecycle.step(messageId, { type: "attempt_lost", agentId, attempt, error });
      }
    }
    const stale = (inFlight ?? []).filter(({ messageId }) => !resume.some((kept) => kept.messageId === messageId));
    return { resume, cancel: stale.map(({ messageId }) => messageId) };
  }

  async #left(local: LocalAgent): Promise<void> {
    const { agents, localAgents, clock } = this.#deps;
    const { agentId, session } = local;
    localAgents.remove(local);
    const reason = session.endedBy ?? "disconnected";
    await agents.change(agentId, (before) => {
      if (before?.status !== "connected" || before.connectionId !== session.connectionId) return undefined;
      const data = { agentId, reason };
      const events = [stamp(clock, agentDisconnected, { room: agentRoom(agentId), sender: null, data })];
      return { record: disconnected(before, "disconnected", reason), events };
    });
  }
}
