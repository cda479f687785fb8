import type { Progress } from "../../shared/entities/dispatch.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { type AgentRecord, hasRoom, holds, without } from "../agents/agent-record.ts";
import { type Agents, changeOf } from "../agents/agents.ts";
import { Lanes } from "../agents/lanes.ts";
import { Remembered } from "../agents/remembered.ts";
import type { Clock } from "../clock.ts";
import type { Documents, Versioned } from "../documents/documents.ts";
import { newEventId } from "../publish/event-id.ts";
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
  readonly #lanes = new Lanes<MessageId>();
  readonly #remembered = new Remembered<MessageId, DispatchRecord>();

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

  /** The same in one step with giving it to an agent. `undefined`: the agent has changed meanwhile, or the id is taken. */
  createGiven(
    waiting: DispatchRecord,
    candidate: Versioned<AgentRecord>,
    leaseMs: number,
  ): Promise<DispatchRecord | undefined> {
    const { agents, clock, transactions } = this.#deps;
    const { agentId } = candidate.value;
    return agents.inOrder(agentId, async () => {
      const agent = newer(candidate, agents.remembered.get(agentId));
      const now = clock.now();
      const step = dispatchStep(waiting.state, { type: "assigned", agentId, leaseMs }, waiting.work, now);
      if (!hasRoom(agent.value) || "refused" in step) return undefined;
      const record = { ...waiting, state: step.state, agents: [agentId] };
      const holding = this.#agentAfter(record, step.effects, agent, record.mark, now);
      const documents = [this.#changeOf(record, 0), ...holding.map(({ change }) => change)];
      if (!(await transactions.commit({ documents, events: [] }))) {
        agents.remembered.forget(agentId);
        return undefined;
      }
      this.#remember(record, 1, holding);
      return record;
    });
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
    // What changes a record waits for others that do, or it would have to be decided twice.
    return this.#lanes.run(messageId, () =>
      agentId && !isAboutDispatchAlone(input) ? this.#deps.agents.inOrder(agentId, run) : run(),
    );
  }

  async #step(
    messageId: MessageId,
    input: DispatchInput,
    agentId: AgentId | undefined,
    progress: Progress | undefined,
  ): Promise<Stepped | Refused> {
    const { agents, clock, transactions } = this.#deps;
    const mark = newEventId(this.#deps.clock.now());
    let made: Stepped | undefined;
    for (let tries = 0; tries < triesMax; tries++) {
      const isGuess = tries === 0 && this.#remembered.get(messageId) !== undefined;
      const { found, ofInput } = await this.#read(
        messageId,
        isAboutDispatchAlone(input) ? undefined : agentId,
        isGuess,
      );
      if (!found) return { refused: "unknown" };
      // It was carried out, and the answer got lost.
      if (made && found.value.mark === mark) return made;

      const now = clock.now();
      const { work, state } = found.value;
      const step = dispatchStep(state, input, work, now);
      if ("refused" in step) {
        if (isGuess) continue;
        return { refused: step.refused, record: found.value };
      }
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
      if (assigned && !(agent && hasRoom(agent.value))) {
        if (isGuess) continue;
        return { refused: "full", record: found.value };
      }
      record.owed = owedAfter(record, effects, agent?.value);

      const holding = this.#agentAfter(record, effects, agent, mark, now);
      const documents = [this.#changeOf(record, found.version), ...holding.map(({ change }) => change)];
      made = { record, effects };
      const events = eventsOf(clock, record, effects, progress);
      if (await transactions.commit({ documents, events })) {
        this.#remember(record, found.version + 1, holding);
        return made;
      }
      this.#remembered.forget(messageId);
      if (agent) agents.remembered.forget(agent.value.agentId);
    }
    throw new Rejection("unavailable", `Too much is going on around dispatch ${messageId}. Try again.`);
  }

  /** Reads what the step is about; a guess is what was written here last. */
  async #read(messageId: MessageId, agentId: AgentId | undefined, isGuess: boolean) {
    const { agents } = this.#deps;
    const known = isGuess ? this.#remembered.get(messageId) : undefined;
    const agent = isGuess && agentId ? agents.remembered.get(agentId) : undefined;
    const [found, ofInput] = await Promise.all([
      known ?? this.get(messageId),
      agent ?? (agentId ? agents.get(agentId) : undefined),
    ]);
    return { found, ofInput };
  }

  #remember(record: DispatchRecord, version: number, holding: readonly Holding[]): void {
    const { messageId } = record.work;
    if (hasEnded(record)) this.#remembered.forget(messageId);
    else this.#remembered.set(messageId, record, version);
    for (const { agent, version } of holding) this.#deps.agents.remembered.set(agent.agentId, agent, version);
  }

  #agentAfter(
    { work: { messageId } }: DispatchRecord,
    effects: readonly DispatchEffect[],
    agent: Versioned<AgentRecord> | undefined,
    mark: string,
    now: number,
  ): Holding[] {
    if (!agent) return [];
    const holding = (after: AgentRecord): Holding[] => [
      { agent: after, version: agent.version + 1, change: changeOf(after, agent.version) },
    ];
    const { value } = agent;
    for (const effect of effects) {
      if (effect.type === "taken") {
        const inFlight = [...value.inFlight, { messageId, attempt: effect.attempt, since: now }];
        return holding({ ...value, inFlight, mark });
      }
      if (effect.type === "attempt_ended" && holds(value, messageId, effect.attempt)) {
        const progressAt = effect.status === "completed" ? { progressAt: now, lastSeen: now } : {};
        return holding({ ...without(value, messageId, effect.attempt), ...progressAt, mark });
      }
    }
    return [];
  }

  #changeOf(record: DispatchRecord, expected: number): DocumentChange {
    const options = hasEnded(record) ? { ttlMs: this.#deps.rememberedMs } : {};
    return { kind: "dispatch", id: record.work.messageId, value: record, expected, options };
  }
}

/** An agent as it is after a step, and how that is written. */
interface Holding {
  agent: AgentRecord;
  version: number;
  change: DocumentChange;
}

const newer = <T>(one: Versioned<T>, other: Versioned<T> | undefined) =>
  other && other.version > one.version ? other : one;

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
