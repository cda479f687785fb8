import { ulid } from "ulid";
import type { Progress } from "../../shared/entities/dispatch.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { type AgentRecord, hasRoom, holds, without } from "../agents/agent-record.ts";
import { type Agents, changeOf } from "../agents/agents.ts";
import type { Clock } from "../clock.ts";
import type { Documents, Versioned } from "../documents/documents.ts";
import type { DocumentChange, Transactions } from "../transactions/transactions.ts";
import { eventsOf } from "./dispatch-events.ts";
import { type DispatchEffect, type DispatchInput, type DispatchRefusal, dispatchStep } from "./dispatch-machine.ts";
import { answerStatusOf, type DispatchRecord, hasEnded, taskAfter } from "./dispatch-record.ts";

export interface DispatchesDeps {
  documents: Documents;
  transactions: Transactions;
  agents: Agents;
  clock: Clock;
  /** How long a dispatch that has ended is remembered. */
  rememberedMs: number;
}

/** What has become of a dispatch by one step. */
export interface Stepped {
  record: DispatchRecord;
  effects: DispatchEffect[];
}

/** Why a step was not made: the machine's reason, or `unknown`: there is no such dispatch; `full`: nor room at the agent. */
export interface Refused {
  refused: DispatchRefusal | "unknown" | "full";
  record?: DispatchRecord;
}

/** So often a step is decided anew before the caller is told to try again. */
const triesMax = 50;

/**
 * The records of dispatches. Each step reads the record, asks the machine, and writes the dispatch, the agent and the
 * events in one transaction: of two that were decided on the same version one is made, and the other decided anew. So
 * the attempt in the record is the fence, and a dispatch is completed once.
 */
export class Dispatches {
  readonly #deps: DispatchesDeps;

  constructor(deps: DispatchesDeps) {
    this.#deps = deps;
  }

  get(messageId: MessageId): Promise<Versioned<DispatchRecord> | undefined> {
    return this.#deps.documents.get<DispatchRecord>("dispatch", messageId);
  }

  async getMany(messageIds: MessageId[]): Promise<(DispatchRecord | undefined)[]> {
    const found = await this.#deps.documents.getMany<DispatchRecord>("dispatch", messageIds);
    return found.map((dispatch) => dispatch?.value);
  }

  /** Writes a new one that waits. Resolves with the one that has the id, if there is one. */
  async create(record: DispatchRecord): Promise<DispatchRecord> {
    const documents = [this.#changeOf(record, 0)];
    if (await this.#deps.transactions.commit({ documents, events: [] })) return record;
    const found = await this.get(record.work.messageId);
    if (!found) throw new Rejection("unavailable", "The dispatch could not be kept. Try again.");
    return found.value;
  }

  /** What was owed has been told. `false`: something else is owed by now. */
  async settled(record: DispatchRecord): Promise<boolean> {
    const found = await this.get(record.work.messageId);
    if (found?.value.mark !== record.mark) return false;
    const documents = [this.#changeOf({ ...found.value, owed: {} }, found.version)];
    return (await this.#deps.transactions.commit({ documents, events: [] })) !== undefined;
  }

  /** Makes the step, if the machine lets it. `progress` is what `progressed` tells. */
  step(messageId: MessageId, input: DispatchInput, progress?: Progress): Promise<Stepped | Refused> {
    const agentId = "agentId" in input ? input.agentId : undefined;
    const run = () => this.#step(messageId, input, agentId, progress);
    // What changes an agent's record waits for others that do.
    const changesAgent = input.type === "assigned" || input.type === "responded" || input.type === "attempt_lost";
    return agentId && changesAgent ? this.#deps.agents.inOrder(agentId, run) : run();
  }

  async #step(
    messageId: MessageId,
    input: DispatchInput,
    agentId: AgentId | undefined,
    progress: Progress | undefined,
  ): Promise<Stepped | Refused> {
    const { agents, clock, transactions } = this.#deps;
    const mark = ulid();
    let made: Stepped | undefined;
    for (let tries = 0; tries < triesMax; tries++) {
      const reading = agentId && !isAboutDispatchAlone(input) ? agents.get(agentId) : undefined;
      const [found, ofInput] = await Promise.all([this.get(messageId), reading]);
      if (!found) return { refused: "unknown" };
      // It was carried out, and the answer got lost.
      if (made && found.value.mark === mark) return made;

      const now = clock.now();
      const { work, state } = found.value;
      const step = dispatchStep(state, input, work, now);
      if ("refused" in step) return { refused: step.refused, record: found.value };
      const { effects } = step;
      const assigned = effects.find(({ type }) => type === "taken");
      const record: DispatchRecord = {
        ...found.value,
        state: step.state,
        updatedAt: now,
        agents: assigned && agentId ? [...found.value.agents, agentId] : found.value.agents,
        mark,
      };
      const freed = effects.find((effect) => effect.type === "attempt_ended");
      const agent = ofInput ?? (freed && (await agents.get(freed.agentId)));
      if (assigned && !(agent && hasRoom(agent.value))) return { refused: "full", record: found.value };
      record.owed = owedAfter(record, effects, agent?.value);

      const documents = [this.#changeOf(record, found.version), ...this.#agentAfter(record, effects, agent, mark, now)];
      made = { record, effects };
      const events = eventsOf(clock, record, effects, progress);
      if (await transactions.commit({ documents, events })) return made;
    }
    throw new Rejection("unavailable", `Too much is going on around dispatch ${messageId}. Try again.`);
  }

  #agentAfter(
    { work: { messageId } }: DispatchRecord,
    effects: readonly DispatchEffect[],
    agent: Versioned<AgentRecord> | undefined,
    mark: string,
    now: number,
  ): DocumentChange[] {
    if (!agent) return [];
    const { value, version } = agent;
    for (const effect of effects) {
      if (effect.type === "taken") {
        const inFlight = [...value.inFlight, { messageId, attempt: effect.attempt, since: now }];
        return [changeOf({ ...value, inFlight, mark }, version)];
      }
      if (effect.type === "attempt_ended" && holds(value, messageId, effect.attempt)) {
        const progressAt = effect.status === "completed" ? { progressAt: now, lastSeen: now } : {};
        return [changeOf({ ...without(value, messageId, effect.attempt), ...progressAt, mark }, version)];
      }
    }
    return [];
  }

  #changeOf(record: DispatchRecord, expected: number): DocumentChange {
    const options = hasEnded(record) ? { ttlMs: this.#deps.rememberedMs } : {};
    return { kind: "dispatch", id: record.work.messageId, value: record, expected, options };
  }
}

const isAboutDispatchAlone = ({ type }: DispatchInput) =>
  type === "accepted" || type === "progressed" || type === "resumed";

/** What the task and the conversation have to be told now, with what they had to be told before. */
function owedAfter(
  { work, owed, agents }: DispatchRecord,
  effects: readonly DispatchEffect[],
  agent: AgentRecord | undefined,
): DispatchRecord["owed"] {
  let after = owed;
  for (const effect of effects) {
    if (effect.type === "accepted" && work.taskId) after = { ...after, task: { status: "in_progress" } };
    if (effect.type !== "ended") continue;
    if (work.taskId) after = { ...after, task: taskAfter(effect.status, effect.outcome.error) };
    if (!work.sessionId) continue;
    const agentId = agents.at(-1);
    const sender = agentId && agent ? { userId: agent.userId, name: agent.name, agentId } : null;
    after = { ...after, answer: { status: answerStatusOf(effect.status), sender } };
  }
  return after;
}
