import type { AgentVerdict } from "../../../shared/entities/agent.ts";
import type { Envelope } from "../../../shared/envelope.ts";
import type { AgentId } from "../../../shared/ids.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { newEventId } from "../../publish/event-id.ts";
import { KeyedQueue } from "../../runtime/keyed-queue.ts";
import type { Documents, Versioned } from "../../store/documents/documents.ts";
import type { DocumentChange, Transactions } from "../../store/documents/transactions.ts";
import type { StoreTime } from "../../store/store-time.ts";
import { VersionCache } from "../version-cache.ts";
import { type AgentRecord, agentOptions, havingCapability } from "./agent-record.ts";
import { verdictOf } from "./verdict.ts";

export interface AgentsDeps {
  documents: Documents;
  transactions: Transactions;
  time: StoreTime;
  /** How long an agent with dispatches in flight may make no progress before it counts as stalled. */
  stallMs: number;
  /** Called when the verdict of an agent has changed. */
  onVerdict(agent: AgentRecord, verdict: AgentVerdict): void;
}

/** A change of an agent, with its events. */
interface AgentChange {
  record: Omit<AgentRecord, "writeId" | "verdict">;
  events: Envelope[];
}

/** How often a change is decided again after a conflict before the caller gets `unavailable`. */
const triesMax = 50;
/** The number of agents with a capability that are read to find the least loaded. */
const candidatesMax = 200;

/** The records of agents, of all instances. */
export class Agents {
  readonly #deps: AgentsDeps;
  /** Changes of one agent at this instance run one after another: concurrent ones would conflict. */
  readonly #queue = new KeyedQueue<AgentId>();
  readonly versions = new VersionCache<AgentId, AgentRecord>();

  constructor(deps: AgentsDeps) {
    this.#deps = deps;
  }

  get(agentId: AgentId): Promise<Versioned<AgentRecord> | undefined> {
    return this.#deps.documents.get<AgentRecord>("agent", agentId);
  }

  async getMany(agentIds: AgentId[]): Promise<(AgentRecord | undefined)[]> {
    const found = await this.#deps.documents.getMany<AgentRecord>("agent", agentIds);
    return found.map((agent) => agent?.value);
  }

  /** The connected agents that have the capability. */
  async withCapability(capability: string): Promise<Versioned<AgentRecord>[]> {
    const { items } = await this.#deps.documents.list<AgentRecord>(
      "agent",
      havingCapability(capability),
      candidatesMax,
    );
    return items;
  }

  list(index: string, limit: number, cursor: string | undefined) {
    return this.#deps.documents.list<AgentRecord>("agent", index, limit, cursor);
  }

  /** Publishes the verdict if it has changed, which can happen by the passing of time alone. */
  async evaluate(record: AgentRecord): Promise<void> {
    const { time, stallMs } = this.#deps;
    if (verdictOf(record, time.now(), stallMs).state === record.verdict) return;
    await this.change(record.agentId, (before) => before && { record: before, events: [] });
  }

  /** Runs the tasks of one agent at this instance one after another. */
  enqueue<T>(agentId: AgentId, run: () => Promise<T>): Promise<T> {
    return this.#queue.run(agentId, run);
  }

  /**
   * Changes an agent. `decide` returns the change, or `undefined` for none, and is called again after a conflict.
   * Resolves with the new record if there was a change.
   */
  change(
    agentId: AgentId,
    decide: (before: AgentRecord | undefined) => AgentChange | undefined,
  ): Promise<AgentRecord | undefined> {
    return this.enqueue(agentId, async () => {
      const writeId = newEventId(this.#deps.time.now());
      for (let tries = 0; tries < triesMax; tries++) {
        const before = await this.get(agentId);
        if (before?.value.writeId === writeId) return before.value;
        const change = decide(before?.value);
        if (!change) return undefined;
        const { transactions, time, stallMs, onVerdict } = this.#deps;
        const verdict = verdictOf(change.record, time.now(), stallMs);
        const record: AgentRecord = { ...change.record, verdict: verdict.state, writeId };
        const documents = [changeOf(record, before?.version ?? 0)];
        if (!(await transactions.commit({ documents, events: change.events }))) continue;
        this.versions.set(agentId, record, (before?.version ?? 0) + 1);
        if (before?.value.verdict !== verdict.state) onVerdict(record, verdict);
        return record;
      }
      throw new Rejection("unavailable", `Too much is going on around agent ${agentId}. Try again.`);
    });
  }
}

/** The agent as part of a transaction. */
export function changeOf(record: AgentRecord, expected: number): DocumentChange {
  return { kind: "agent", id: record.agentId, value: record, expected, options: agentOptions(record) };
}
