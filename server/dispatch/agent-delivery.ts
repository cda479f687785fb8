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

export interface AgentDeliveryDeps {
  agents: Agents;
  dispatchStore: DispatchStore;
  localAgents: LocalAgents;
  /** Makes a step and does what follows from it. */
  step(record: DispatchRecord, input: DispatchInput): Promise<void>;
  leaseMs: number;
  failed: Failed;
}

/** How long an agent may take to acknowledge a dispatch: 5 s, and not longer than it may be silent. */
export const acknowledgementOf = (leaseMs: number) => Math.min(5_000, leaseMs);

/**
 * Reconciles what the agents here were sent with their records: a dispatch that an agent has in flight is sent to it,
 * once per connection, and one that it has no longer is cancelled. A change needs only a hint that there is one; should
 * the hint get lost, the sweep of every second finds the difference.
 */
export class AgentDelivery {
  readonly #deps: AgentDeliveryDeps;
  readonly #queue = new KeyedQueue<AgentId>();

  constructor(deps: AgentDeliveryDeps) {
    this.#deps = deps;
  }

  /** Of one agent, if it is connected here. Resolves when what is missing was sent. */
  async reconcile(agentId: AgentId): Promise<void> {
    if (!this.#deps.localAgents.get(agentId)) return;
    await this.#queue.run(agentId, async () => {
      // First the connection, then the record: one that registers in between must not be compared with the old record.
      const local = this.#deps.localAgents.get(agentId);
      if (!local?.isReady) return;
      const [record] = await this.#deps.agents.getMany([agentId]);
      await this.#compare(local, record);
    });
  }

  /** Of all agents here. Resolves with their records. */
  async reconcileAll(): Promise<AgentRecord[]> {
    const agentIds = [...this.#deps.localAgents].map(({ agentId }) => agentId);
    if (agentIds.length === 0) return [];
    const records = await this.#deps.agents.getMany(agentIds);
    const differing = agentIds.filter((agentId, index) => this.#differs(agentId, records[index]));
    await Promise.all(differing.map((agentId) => this.reconcile(agentId)));
    return records.filter((record) => record !== undefined);
  }

  /** Sends a dispatch to its agent, once per attempt. `false`: the agent is not connected here. */
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
    const withinMs = acknowledgementOf(this.#deps.leaseMs);
    let answer: unknown;
    try {
      answer = await session.ask("dispatch", toMessage(record), withinMs);
    } catch {
      // The agent may have got it, and be back soon; its lease decides.
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
      // Registered elsewhere, or expired. The agent comes back, and registers anew.
      return session.close(record?.status === "connected" ? "replaced" : "heartbeat_lost");
    }
    const held = new Map(record.inFlight.map(({ messageId, attempt }) => [messageId, attempt]));
    const unsent = record.inFlight.filter((inFlight) => isUnsent(local, inFlight));
    const gone = [...sentAttempts].filter(([messageId, { attempt }]) => held.get(messageId) !== attempt);
    for (const [messageId, { isDone }] of gone) if (isDone) sentAttempts.delete(messageId);
    const unknown = gone.filter(([, { isDone }]) => !isDone).map(([messageId]) => messageId);

    const found = await this.#deps.dispatchStore.getMany([...unsent.map(({ messageId }) => messageId), ...unknown]);
    for (const [index, dispatch] of found.entries()) {
      const inFlight = unsent[index];
      if (inFlight && dispatch && isOf(dispatch, agentId, inFlight.attempt)) this.send(dispatch);
      // Without a dispatch no step would free its place.
      else if (inFlight && !dispatch) await this.#forgetInFlight(record, inFlight);
      if (inFlight) continue;
      const messageId = unknown[index - unsent.length];
      const known = messageId && sentAttempts.get(messageId);
      // It may have been given to the agent after its record was read.
      if (!known || (dispatch && isOf(dispatch, agentId, known.attempt))) continue;
      this.cancel(local, { messageId, reason: reasonOf(dispatch) });
    }
  }

  /** Sends an agent here the cancellation of a dispatch. */
  cancel(local: LocalAgent, message: CancelMessage): void {
    markDone(local, message.messageId);
    local.session.send("cancel", message);
  }

  async #forgetInFlight({ agentId }: AgentRecord, { messageId, attempt }: InFlight): Promise<void> {
    await this.#deps.agents.change(agentId, (before) => {
      const record = before && without(before, messageId, attempt);
      return record && { record, events: [] };
    });
  }
}

/** The agent was sent no attempt so new: older ones it has brought along, or they have ended. */
const isUnsent = ({ sentAttempts }: LocalAgent, { messageId, attempt }: InFlight) =>
  (sentAttempts.get(messageId)?.attempt ?? 0) < attempt;

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
