import { type CancelMessage, DispatchAcceptance } from "../../shared/agent-messages.ts";
import type { AgentId } from "../../shared/ids.ts";
import type { Failed } from "../runtime/failed.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import { type AgentRecord, type InFlight, without } from "./agents/agent-record.ts";
import type { Agents } from "./agents/agents.ts";
import { type LocalAgent, type LocalAgents, markDone } from "./agents/local-agents.ts";
import type { DispatchInput } from "./dispatch-machine.ts";
import { type DispatchRecord, toMessage } from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";

interface AgentDeliveryDeps {
  agents: Agents;
  dispatchStore: DispatchStore;
  localAgents: LocalAgents;
  /** Commits a step of a dispatch and runs its effects. */
  step(record: DispatchRecord, input: DispatchInput): Promise<void>;
  leaseMs: number;
  failed: Failed;
}

/** How long an agent may take to acknowledge a dispatch: 5 s, but not longer than its lease. */
const acknowledgementTimeout = (leaseMs: number) => Math.min(5_000, leaseMs);

/**
 * Delivers dispatches to the agents connected to this instance. The record of an agent lists the dispatches that it
 * should have; this class compares them with the attempts that were sent over its connection. A missing one is sent,
 * once per connection, and one that is no longer in the record is cancelled. So the notification of a change only has
 * to name the agent, and if it is lost, the sweep of each second finds the difference.
 */
export class AgentDelivery {
  readonly #deps: AgentDeliveryDeps;
  readonly #queue = new KeyedQueue<AgentId>();

  constructor(deps: AgentDeliveryDeps) {
    this.#deps = deps;
  }

  /** Reconciles one agent, if it is connected to this instance. Resolves when missing dispatches have been sent. */
  async reconcile(agentId: AgentId): Promise<void> {
    if (!this.#deps.localAgents.get(agentId)) return;
    await this.#queue.run(agentId, async () => {
      // The connection is read before the record, so that a new connection is never compared with an older record.
      const local = this.#deps.localAgents.get(agentId);
      if (!local?.isReady) return;
      const [record] = await this.#deps.agents.getMany([agentId]);
      await this.#compare(local, record);
    });
  }

  /** Reconciles all agents of this instance. Resolves with their records as they were before. */
  async reconcileAll(): Promise<AgentRecord[]> {
    const agentIds = [...this.#deps.localAgents].map(({ agentId }) => agentId);
    if (agentIds.length === 0) return [];
    const records = await this.#deps.agents.getMany(agentIds);
    const differing = agentIds.filter((agentId, index) => this.#differs(agentId, records[index]));
    await Promise.all(differing.map((agentId) => this.reconcile(agentId)));
    return records.filter((record) => record !== undefined);
  }

  /** Sends a dispatch to its agent, once per attempt. Returns `false` if the agent is not connected to this instance. */
  send(record: DispatchRecord): boolean {
    const { state, work } = record;
    if (state.status !== "dispatched") return false;
    const local = this.#deps.localAgents.get(state.agentId);
    if (!local?.isReady || !local.session.isOpen) return false;
    if ((local.sentAttempts.get(work.messageId)?.attempt ?? 0) >= state.attempt) return true;
    local.sentAttempts.set(work.messageId, { attempt: state.attempt, deadline: work.deadline, isDone: false });
    const { messageId } = work;
    this.#ask(local, record, state.attempt).catch((error: unknown) =>
      this.#deps.failed("record how an agent acknowledged a dispatch", error, {
        willRetry: true,
        messageId,
        agentId: local.agentId,
      }),
    );
    return true;
  }

  async #ask(local: LocalAgent, record: DispatchRecord, attempt: number): Promise<void> {
    const { agentId, session } = local;
    const withinMs = acknowledgementTimeout(this.#deps.leaseMs);
    let answer: unknown;
    try {
      answer = await session.ask("dispatch", toMessage(record), withinMs);
    } catch {
      // The agent may have received the dispatch and may reconnect, so its lease decides.
      if (!session.isOpen) return;
      const error = `not acknowledged within ${withinMs} ms`;
      return this.#deps.step(record, { type: "attempt_lost", agentId, attempt, error });
    }
    const { leaseMs } = this.#deps;
    const acceptance = DispatchAcceptance.safeParse(answer);
    if (acceptance.data?.accepted) {
      return this.#deps.step(record, { type: "accepted", agentId, attempt, leaseMs });
    }
    const error = acceptance.success ? "declined by the agent" : "acknowledged in a way that cannot be read";
    markDone(local, record.work.messageId, attempt);
    return this.#deps.step(record, { type: "attempt_lost", agentId, attempt, error });
  }

  #differs(agentId: AgentId, record: AgentRecord | undefined): boolean {
    const local = this.#deps.localAgents.get(agentId);
    if (!local) return false;
    if (!record || record.connectionId !== local.session.connectionId || record.status !== "connected") return true;
    if (record.inFlight.some((held) => isUnsent(local, held))) return true;
    const held = new Map(record.inFlight.map(({ messageId, attempt }) => [messageId, attempt]));
    return [...local.sentAttempts].some(([messageId, { attempt }]) => held.get(messageId) !== attempt);
  }

  async #compare(local: LocalAgent, record: AgentRecord | undefined): Promise<void> {
    const { agentId, session, sentAttempts } = local;
    if (!record || record.connectionId !== session.connectionId || record.status !== "connected") {
      // The agent has registered over another connection, or has expired. In both cases this connection is of no use.
      return session.close(record?.status === "connected" ? "replaced" : "heartbeat_lost");
    }
    const held = new Map(record.inFlight.map(({ messageId, attempt }) => [messageId, attempt]));
    const unsent = record.inFlight.filter((inFlight) => isUnsent(local, inFlight));
    const notInRecord = [...sentAttempts].filter(([messageId, { attempt }]) => held.get(messageId) !== attempt);
    for (const [messageId, { isDone }] of notInRecord) if (isDone) sentAttempts.delete(messageId);
    const toCancel = notInRecord.filter(([, { isDone }]) => !isDone).map(([messageId]) => messageId);

    const found = await this.#deps.dispatchStore.getMany([...unsent.map(({ messageId }) => messageId), ...toCancel]);
    for (const [index, dispatch] of found.entries()) {
      const inFlight = unsent[index];
      if (inFlight && dispatch && isOf(dispatch, agentId, inFlight.attempt)) this.send(dispatch);
      // A dispatch that no longer exists has no steps that would remove it from the record.
      else if (inFlight && !dispatch) await this.#removeInFlight(record, inFlight);
      if (inFlight) continue;
      const messageId = toCancel[index - unsent.length];
      const sent = messageId && sentAttempts.get(messageId);
      // A dispatch that was assigned to the agent after its record was read is not cancelled.
      if (!sent || (dispatch && isOf(dispatch, agentId, sent.attempt))) continue;
      this.cancel(local, { messageId, reason: reasonOf(dispatch) });
    }
  }

  /** Sends the cancellation of a dispatch to an agent of this instance. */
  cancel(local: LocalAgent, message: CancelMessage): void {
    markDone(local, message.messageId);
    local.session.send("cancel", message);
  }

  async #removeInFlight({ agentId }: AgentRecord, { messageId, attempt }: InFlight): Promise<void> {
    await this.#deps.agents.change(agentId, (before) => {
      const record = before && without(before, messageId, attempt);
      return record && { record, events: [] };
    });
  }
}

/** Whether the agent was sent neither this attempt of the dispatch nor a newer one. */
const isUnsent = ({ sentAttempts }: LocalAgent, { messageId, attempt }: InFlight) =>
  (sentAttempts.get(messageId)?.attempt ?? 0) < attempt;

/** Whether the dispatch is at this agent, with this attempt. */
const isOf = ({ state }: DispatchRecord, agentId: AgentId, attempt: number) =>
  (state.status === "dispatched" || state.status === "running") &&
  state.agentId === agentId &&
  state.attempt === attempt;

function reasonOf(dispatch: DispatchRecord | undefined): string {
  if (!dispatch) return "there is no such dispatch";
  const { state } = dispatch;
  if ("outcome" in state)
    return `${state.status}${state.outcome.error ? `: ${state.outcome.error}` : ""}`.slice(0, 500);
  return "the attempt is over, and the dispatch goes on elsewhere";
}
