import type { AgentId, MessageId } from "../../shared/ids.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import type { Versioned } from "../store/documents/documents.ts";
import type { LeaseQueue, Leases } from "../store/leases.ts";
import type { StoreTime } from "../store/store-time.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import { type AgentRecord, hasCapacity } from "./agents/agent-record.ts";
import type { Agents } from "./agents/agents.ts";
import type { LocalAgents } from "./agents/local-agents.ts";
import type { DispatchRecord, Work } from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";

interface SchedulerDeps {
  agents: Agents;
  dispatchStore: DispatchStore;
  leases: Leases;
  localAgents: LocalAgents;
  agentDelivery: Pick<AgentDelivery, "send">;
  broadcast: Broadcast;
  time: StoreTime;
  leaseMs: number;
  failed: Failed;
}

/** How often a queued dispatch is assigned again, in case the broadcast about it was lost. */
const retryAssignMs = 5_000;
/** The number of agents that are tried before the dispatch is queued. Each may have got other work in the meantime. */
const candidatesTried = 5;

/** The agents that may get a dispatch: the number of connected ones, and those with free capacity, best first. */
interface Candidates {
  connected: number;
  free: Versioned<AgentRecord>[];
}

/** Assigns a new or requeued dispatch to an agent with free capacity, and queued dispatches when an agent gets capacity. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #assigning = new KeyedQueue<AgentId>();
  /** Agents with a waiting task in `#assigning`. It serves all requests until it starts. */
  readonly #requested = new Set<AgentId>();

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  /**
   * Writes a new dispatch, assigned to the least loaded agent if one has capacity. If the id is taken, resolves with the
   * dispatch that has it. If no agent is connected and it must not be queued, writes nothing and resolves with
   * `undefined`. `prepare` is called before anything is written.
   */
  async submit(
    record: DispatchRecord,
    { connected, free }: Candidates,
    queue: boolean,
    prepare: () => Promise<void>,
  ): Promise<DispatchRecord | undefined> {
    const { agents, dispatchStore, agentDelivery, broadcast } = this.#deps;
    if (connected === 0 && !queue) return undefined;
    await prepare();
    const [best] = free;
    if (best) agents.versions.putIfNewer(best.value.agentId, best);
    const assigned = best && (await dispatchStore.createAssigned(record, best.value.agentId, this.#deps.leaseMs));
    if (assigned && best) {
      if (!agentDelivery.send(assigned)) broadcast.send({ kind: "agent", agentId: best.value.agentId });
      return assigned;
    }
    const created = await dispatchStore.create(record);
    if (created.writeId !== record.writeId) return created;
    // The dispatch exists now. If it cannot be assigned, that is tried again when its lease is due.
    return this.assign(created).catch((error: unknown) => {
      this.#deps.failed("assign a new dispatch", error, { willRetry: true, messageId: created.work.messageId });
      return created;
    });
  }

  /** Assigns a queued dispatch to the least loaded agent, or puts it into the queue of the agents that may get it. */
  async assign(record: DispatchRecord): Promise<DispatchRecord> {
    const { work, agents: earlier } = record;
    const { messageId } = work;
    const { free } = await this.candidates(work, earlier.at(-1));
    for (const { value } of free.slice(0, candidatesTried)) {
      const { agentId } = value;
      const assigned = await this.#assignTo(messageId, agentId);
      if (typeof assigned === "object") return assigned;
      if (assigned === "not_queued") return record;
    }
    const { leases, broadcast, time } = this.#deps;
    const now = time.now();
    await leases.set("dispatches", [{ id: messageId, inMs: Math.min(retryAssignMs, work.deadline - now) }]);
    await leases.set(queueOf(work), [{ id: messageId, inMs: work.createdAt - now }]);
    // An agent may have got capacity before the dispatch was in its queue.
    if (work.agentId) broadcast.send({ kind: "agent", agentId: work.agentId });
    else if (work.capability) broadcast.send({ kind: "capability", capability: work.capability });
    return record;
  }

  /** Assigns as many queued dispatches to an agent of this instance as it has capacity for. */
  async assignWaiting(agentId: AgentId): Promise<void> {
    if (this.#requested.has(agentId)) return;
    this.#requested.add(agentId);
    await this.#assigning.run(agentId, async () => {
      this.#requested.delete(agentId);
      await this.#assignWaiting(agentId);
    });
  }

  /** Assigns queued dispatches to all agents of this instance that have the capability. */
  async assignWaitingFor(capability: string): Promise<void> {
    const agents = [...this.#deps.localAgents].filter(({ capabilities }) => capabilities.includes(capability));
    await Promise.all(agents.map(({ agentId }) => this.assignWaiting(agentId)));
  }

  async #assignWaiting(agentId: AgentId): Promise<void> {
    const { agents, leases, localAgents } = this.#deps;
    for (;;) {
      const local = localAgents.get(agentId);
      if (!local?.session.isOpen) return;
      const queues = queuesOf(agentId, local.capabilities);
      // Usually nothing waits, and then the record of the agent need not be read.
      const [waiting] = await leases.first(queues, 1);
      if (!waiting) return;
      const agent = await agents.get(agentId);
      if (!agent || agent.value.connectionId !== local.session.connectionId || !hasCapacity(agent.value)) return;
      const capacity = agent.value.concurrency - agent.value.inFlight.length;
      for (const { queue, id } of await leases.first(queues, capacity)) {
        const assigned = await this.#assignTo(id as MessageId, agentId);
        if (assigned === "full") return;
        await leases.clear(queue, id);
      }
    }
  }

  /** `full`: the agent has no capacity, or is not connected. */
  async #assignTo(messageId: MessageId, agentId: AgentId): Promise<DispatchRecord | "full" | "not_queued"> {
    const { dispatchStore, leases, agentDelivery, broadcast, time, leaseMs, failed } = this.#deps;
    const stepped = await dispatchStore.step(messageId, { type: "assigned", agentId, leaseMs });
    if ("refused" in stepped) return stepped.refused === "full" ? "full" : "not_queued";
    const { record } = stepped;
    const inMs = Math.min(leaseMs, record.work.deadline - time.now());
    leases
      .set("dispatches", [{ id: messageId, inMs }])
      .catch((error: unknown) => failed("set the lease of a dispatch", error, { willRetry: false, messageId }));
    if (!agentDelivery.send(record)) broadcast.send({ kind: "agent", agentId });
    return record;
  }

  /** The agents that may get a dispatch, the least loaded first; the agent of the last attempt comes last. */
  async candidates(
    { agentId, capability }: Pick<Work, "agentId" | "capability">,
    last: AgentId | undefined,
  ): Promise<Candidates> {
    const { agents } = this.#deps;
    const found = agentId
      ? [await agents.get(agentId)]
      : capability === undefined
        ? []
        : await agents.withCapability(capability);
    const connected = found.filter((agent) => agent?.value.status === "connected");
    const free = connected.flatMap((agent) => (agent && hasCapacity(agent.value) ? [agent] : []));
    // Agents with equal load are in random order, so that several instances do not all choose the same.
    const ranked = free.map((agent) => ({ agent, rank: loadOf(agent.value, last), chance: Math.random() }));
    ranked.sort((a, b) => a.rank - b.rank || a.chance - b.chance);
    return { connected: connected.length, free: ranked.map(({ agent }) => agent) };
  }
}

const loadOf = ({ agentId, inFlight }: AgentRecord, last: AgentId | undefined) =>
  inFlight.length + (agentId === last ? 1_000 : 0);

export const queueOf = ({ agentId, capability }: Work): LeaseQueue =>
  agentId ? `work:agent:${agentId}` : `work:capability:${capability ?? ""}`;

const queuesOf = (agentId: AgentId, capabilities: readonly string[]): LeaseQueue[] => [
  `work:agent:${agentId}`,
  ...[...new Set(capabilities)].map((capability): LeaseQueue => `work:capability:${capability}`),
];
