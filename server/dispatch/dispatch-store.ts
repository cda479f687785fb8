import type { Progress } from "../../shared/entities/dispatch.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { newEventId } from "../publish/event-id.ts";
import type { Clock } from "../runtime/clock.ts";
import { KeyedBatcher } from "../runtime/keyed-batcher.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import type { Documents, Versioned } from "../store/documents/documents.ts";
import type { DocumentChange, Transactions } from "../store/documents/transactions.ts";
import { type Agents, changeOf } from "./agents/agents.ts";
import { eventsOf } from "./dispatch-events.ts";
import type { DispatchInput } from "./dispatch-machine.ts";
import { type DispatchRecord, hasEnded } from "./dispatch-record.ts";
import { agentOf, changesAgent, type Plan, planStep } from "./step-plan.ts";
import type { StepRejected, StepResult } from "./step-result.ts";
import { VersionCache } from "./version-cache.ts";

export interface DispatchStoreDeps {
  documents: Documents;
  transactions: Transactions;
  agents: Agents;
  clock: Clock;
  /** How long a dispatch that has ended is remembered. */
  rememberedMs: number;
  /** A step was made, which began at a time (milliseconds since 1970). Absent: nobody wants to know. */
  onStep?: ((stepped: StepResult, startedAt: number) => void) | undefined;
}

/** So often a step is decided anew before the caller is told to try again. */
const triesMax = 50;

/** A step that waits for its turn at an agent. */
interface QueuedStep {
  messageId: MessageId;
  input: DispatchInput;
  progress: Progress | undefined;
  /** Of a dispatch that does not exist yet. */
  created: DispatchRecord | undefined;
  resolve(result: Promise<StepResult | StepRejected>): void;
}

/** What was decided, in case it was carried out and the answer got lost. */
interface Attempted {
  writeId: string;
  made: StepResult | undefined;
}

/**
 * The records of dispatches. Each step reads the record, asks the machine, and writes the dispatch, the agent and the
 * events in one transaction: of two that were decided on the same version one is made, and the other decided anew. So
 * the attempt in the record is the fence, and a dispatch is completed once.
 *
 * Steps of several dispatches of one agent that meet here are made in one transaction: they would only wait for each
 * other, and an agent with much to do would be as slow as they are in a row.
 */
export class DispatchStore {
  readonly #deps: DispatchStoreDeps;
  readonly #queue = new KeyedQueue<MessageId>();
  readonly #versions = new VersionCache<MessageId, DispatchRecord>();
  readonly #batches: KeyedBatcher<AgentId, QueuedStep>;

  constructor(deps: DispatchStoreDeps) {
    this.#deps = deps;
    const inOrder: Agents["enqueue"] = (agentId, run) => deps.agents.enqueue(agentId, run);
    this.#batches = new KeyedBatcher(inOrder, (agentId, all) => this.#commitBatch(agentId, all));
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

  /** The same in one step with giving it to an agent. `undefined`: that was not possible, or the id is taken. */
  async createAssigned(
    created: DispatchRecord,
    agentId: AgentId,
    leaseMs: number,
  ): Promise<DispatchRecord | undefined> {
    const { messageId } = created.work;
    const input: DispatchInput = { type: "assigned", agentId, leaseMs };
    const stepped = await this.#observed(() =>
      this.#queue.run(messageId, () => this.#enqueue(agentId, { messageId, input, progress: undefined, created })),
    );
    return "refused" in stepped ? undefined : stepped.record;
  }

  /** What was owed has been told. `false`: something else is owed by now. */
  async clearPending(record: DispatchRecord): Promise<boolean> {
    const found = await this.get(record.work.messageId);
    if (found?.value.writeId !== record.writeId) return false;
    const documents = [this.#changeOf({ ...found.value, pending: {} }, found.version)];
    return (await this.#deps.transactions.commit({ documents, events: [] })) !== undefined;
  }

  /** Makes the step, if the machine lets it. `progress` is what `progressed` tells. */
  step(messageId: MessageId, input: DispatchInput, progress?: Progress): Promise<StepResult | StepRejected> {
    // What changes a record waits for others that do, or it would have to be decided twice.
    return this.#observed(() =>
      this.#queue.run(messageId, () =>
        "agentId" in input && changesAgent(input)
          ? this.#enqueue(input.agentId, { messageId, input, progress, created: undefined })
          : this.#commitAlone(messageId, input, progress),
      ),
    );
  }

  #observed(step: () => Promise<StepResult | StepRejected>): Promise<StepResult | StepRejected> {
    const { onStep: made, clock } = this.#deps;
    if (!made) return step();
    const startedAt = clock.now();
    return step().then((stepped) => {
      if (!("refused" in stepped)) made(stepped, startedAt);
      return stepped;
    });
  }

  /** Makes the step when it is its turn at the agent, along with others whose turn it is. */
  #enqueue(agentId: AgentId, step: Omit<QueuedStep, "resolve">): Promise<StepResult | StepRejected> {
    return new Promise((settle) => this.#batches.add(agentId, { ...step, resolve: settle }));
  }

  async #commitBatch(agentId: AgentId, all: readonly QueuedStep[]): Promise<void> {
    const decided: Attempted = { writeId: newEventId(this.#deps.clock.now()), made: undefined };
    const plans = new Map<QueuedStep, StepResult>();
    let areMade = false;
    try {
      areMade = await this.#commitTogether(agentId, all, decided.writeId, plans);
    } catch {
      // Each finds out for itself, and says so.
    }
    for (const wanted of all) {
      const made = plans.get(wanted);
      if (areMade && made) wanted.resolve(Promise.resolve(made));
      else {
        const { messageId, input, progress, created } = wanted;
        // One that could not be created so is created otherwise.
        const alone = created
          ? Promise.resolve({ refused: "full" as const })
          : this.#commitAlone(messageId, input, progress, { ...decided, made });
        wanted.resolve(alone);
        await alone.catch(() => {});
      }
    }
  }

  /** Makes those of the steps that are possible in one transaction. `false`: something was not as it was remembered. */
  async #commitTogether(
    agentId: AgentId,
    all: readonly QueuedStep[],
    mark: string,
    plans: Map<QueuedStep, StepResult>,
  ): Promise<boolean> {
    const { agents, clock, transactions } = this.#deps;
    const [agent, ...found] = await Promise.all([
      agents.versions.get(agentId) ?? agents.get(agentId),
      ...all.map(({ messageId, created }) =>
        created ? { value: created, version: 0 } : (this.#versions.get(messageId) ?? this.get(messageId)),
      ),
    ]);
    if (!agent) return false;
    const now = clock.now();
    const made: { plan: Plan; expected: number; progress: Progress | undefined }[] = [];
    let agentNow = agent.value;
    for (const [index, wanted] of all.entries()) {
      const dispatch = found[index];
      if (!dispatch) continue;
      const stepMark = wanted.created?.writeId ?? mark;
      const plan = planStep(dispatch.value, wanted.input, agentNow, { writeId: stepMark, now });
      if ("refused" in plan) continue;
      agentNow = plan.agent ?? agentNow;
      made.push({ plan, expected: dispatch.version, progress: wanted.progress });
      plans.set(wanted, plan);
    }
    if (made.length === 0) return false;
    const documents = made.map(({ plan, expected }) => this.#changeOf(plan.record, expected));
    // Also when it stays as it is: what is remembered may not know of work that another instance has given to the agent,
    // and would leave the place taken for good.
    documents.push(changeOf(agentNow, agent.version));
    const events = made.flatMap(({ plan, progress }) => eventsOf(clock, plan.record, plan.effects, progress));
    const isMade = (await transactions.commit({ documents, events })) !== undefined;
    for (const { plan, expected } of made) this.#remember(plan, expected, isMade);
    if (!isMade) agents.versions.delete(agentId);
    else agents.versions.set(agentId, agentNow, agent.version + 1);
    return isMade;
  }

  /** One step by itself, decided anew for as long as others are faster. */
  async #commitAlone(
    messageId: MessageId,
    input: DispatchInput,
    progress: Progress | undefined,
    { writeId: mark, made: earlier }: Attempted = { writeId: newEventId(this.#deps.clock.now()), made: undefined },
  ): Promise<StepResult | StepRejected> {
    const { agents, clock, transactions } = this.#deps;
    let made = earlier;
    for (let tries = 0; tries < triesMax; tries++) {
      // A guess must not refuse anything.
      const guess = tries === 0 && !made ? this.#versions.get(messageId) : undefined;
      const found = guess ?? (await this.get(messageId));
      if (!found) return { refused: "unknown" };
      // It was carried out, and the answer got lost.
      if (made && found.value.writeId === mark) return made;

      const agentId = agentOf(input, found.value.state);
      const agent = agentId && changesAgent(input) ? await agents.get(agentId) : undefined;
      const plan = planStep(found.value, input, agent?.value, { writeId: mark, now: clock.now() });
      if ("refused" in plan) {
        if (guess) continue;
        return { refused: plan.refused, record: found.value };
      }
      made = plan;
      const documents = [this.#changeOf(plan.record, found.version)];
      if (agent && plan.agent) documents.push(changeOf(plan.agent, agent.version));
      const events = eventsOf(clock, plan.record, plan.effects, progress);
      const isMade = (await transactions.commit({ documents, events })) !== undefined;
      this.#remember(plan, found.version, isMade);
      if (agent && plan.agent && isMade) agents.versions.set(plan.agent.agentId, plan.agent, agent.version + 1);
      if (isMade) return made;
    }
    throw new Rejection("unavailable", `Too much is going on around dispatch ${messageId}. Try again.`);
  }

  #remember({ record }: Plan, expected: number, isMade: boolean): void {
    const { messageId } = record.work;
    if (isMade && !hasEnded(record)) this.#versions.set(messageId, record, expected + 1);
    else this.#versions.delete(messageId);
  }

  #changeOf(record: DispatchRecord, expected: number): DocumentChange {
    const options = hasEnded(record) ? { ttlMs: this.#deps.rememberedMs } : {};
    return { kind: "dispatch", id: record.work.messageId, value: record, expected, options };
  }
}
