import type { AgentId, MessageId } from "../../shared/ids.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import type { Versioned } from "../store/documents/documents.ts";
import type { LeaseQueue, Leases } from "../store/leases.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import { type AgentRecord, hasRoom } from "./agents/agent-record.ts";
import type { Agents } from "./agents/agents.ts";
import type { LocalAgents } from "./agents/local-agents.ts";
import type { DispatchRecord, Work } from "./dispatch-record.ts";
import type { DispatchStore } from "./dispatch-store.ts";

export interface SchedulerDeps {
  agents: Agents;
  dispatches: DispatchStore;
  leases: Leases;
  localAgents: LocalAgents;
  agentDelivery: Pick<AgentDelivery, "send">;
  broadcast: Broadcast;
  clock: Clock;
  leaseMs: number;
  failed: Failed;
}

/** How often one that waits is brought to an agent's notice again: what was said of it may have got lost. */
const waitingLookMs = 5_000;
/** How many agents are tried before the dispatch waits: each was taken by somebody else meanwhile. */
const candidatesTried = 5;

/** How many are connected who could do it, and those of them who have room, the best first. */
export interface Candidates {
  connected: number;
  free: Versioned<AgentRecord>[];
}

/** Brings dispatches and agents together: an agent is looked for when there is work, and work when there is room. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #filling = new KeyedQueue<AgentId>();
  readonly #wantsMore = new Set<AgentId>();

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  /**
   * Writes a new dispatch, given to the least loaded agent if one has room. `undefined`, and nothing is written, if
   * nobody is connected who could do it and it is not to wait. Resolves with the one that has the id, if there is one.
   * `prepare` is done before anything is written.
   */
  async submit(
    record: DispatchRecord,
    { connected, free }: Candidates,
    queue: boolean,
    prepare: () => Promise<void>,
  ): Promise<DispatchRecord | undefined> {
    const { agents, dispatches, agentDelivery, broadcast } = this.#deps;
    if (connected === 0 && !queue) return undefined;
    await prepare();
    const [best] = free;
    if (best) agents.versions.putIfNewer(best.value.agentId, best);
    const given = best && (await dispatches.createAssigned(record, best.value.agentId, this.#deps.leaseMs));
    if (given && best) {
      if (!agentDelivery.send(given)) broadcast.send({ kind: "agent", agentId: best.value.agentId });
      return given;
    }
    const created = await dispatches.create(record);
    if (created.writeId !== record.writeId) return created;
    // It is taken on: should it find no agent now, a look does that later.
    return this.assign(created).catch((error: unknown) => {
      this.#deps.failed("assign a new dispatch", error, { willRetry: true, messageId: created.work.messageId });
      return created;
    });
  }

  /** Gives a queued dispatch to the least loaded agent, or lets it wait in the line of those who could do it. */
  async assign(record: DispatchRecord): Promise<DispatchRecord> {
    const { work, agents: earlier } = record;
    const { messageId } = work;
    const { free } = await this.candidates(work, earlier.at(-1));
    for (const { value } of free.slice(0, candidatesTried)) {
      const { agentId } = value;
      const given = await this.#assignTo(messageId, agentId);
      if (typeof given === "object") return given;
      if (given === "over") return record;
    }
    const { leases, broadcast, clock } = this.#deps;
    const now = clock.now();
    await leases.set("dispatches", [{ id: messageId, inMs: Math.min(waitingLookMs, work.deadline - now) }]);
    await leases.set(queueOf(work), [{ id: messageId, inMs: work.createdAt - now }]);
    // An agent may have got room while there was nothing in the line yet.
    if (work.agentId) broadcast.send({ kind: "agent", agentId: work.agentId });
    else if (work.capability) broadcast.send({ kind: "capability", capability: work.capability });
    return record;
  }

  /** Takes out of the lines what an agent here has room for. */
  async assignWaiting(agentId: AgentId): Promise<void> {
    if (this.#wantsMore.has(agentId)) return;
    this.#wantsMore.add(agentId);
    await this.#filling.run(agentId, async () => {
      this.#wantsMore.delete(agentId);
      await this.#assignWaiting(agentId);
    });
  }

  /** The same for all agents here that have a capability. */
  async assignWaitingFor(capability: string): Promise<void> {
    const having = [...this.#deps.localAgents].filter(({ capabilities }) => capabilities.includes(capability));
    await Promise.all(having.map(({ agentId }) => this.assignWaiting(agentId)));
  }

  async #assignWaiting(agentId: AgentId): Promise<void> {
    const { agents, leases, localAgents } = this.#deps;
    for (;;) {
      const local = localAgents.get(agentId);
      if (!local?.session.isOpen) return;
      const lines = queuesOf(agentId, local.capabilities);
      // Most often nobody waits, and that is seen without looking at the agent.
      const [waiting] = await leases.first(lines, 1);
      if (!waiting) return;
      const agent = await agents.get(agentId);
      if (!agent || agent.value.connectionId !== local.session.connectionId || !hasRoom(agent.value)) return;
      const room = agent.value.concurrency - agent.value.inFlight.length;
      for (const { line, id } of await leases.first(lines, room)) {
        const given = await this.#assignTo(id as MessageId, agentId);
        if (given === "full") return;
        await leases.clear(line, id);
      }
    }
  }

  /** `over`: it is not waiting any more. */
  async #assignTo(messageId: MessageId, agentId: AgentId): Promise<DispatchRecord | "full" | "over"> {
    const { dispatches, leases, agentDelivery, broadcast, clock, leaseMs, failed } = this.#deps;
    const stepped = await dispatches.step(messageId, { type: "assigned", agentId, leaseMs });
    if ("refused" in stepped) return stepped.refused === "full" ? "full" : "over";
    const { record } = stepped;
    const inMs = Math.min(leaseMs, record.work.deadline - clock.now());
    leases
      .set("dispatches", [{ id: messageId, inMs }])
      .catch((error: unknown) => failed("set the lease of a dispatch", error, { willRetry: false, messageId }));
    if (!agentDelivery.send(record)) broadcast.send({ kind: "agent", agentId });
    return record;
  }

  /** How many are connected, and those who have room, the least loaded first; who had it last comes last. */
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
    const free = connected.flatMap((agent) => (agent && hasRoom(agent.value) ? [agent] : []));
    // Among equals one is taken at random: instances that look at the same moment must not all take the first.
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
