import type { Progress } from "../../shared/entities/dispatch.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { newEventId } from "../publish/event-id.ts";
import type { Clock } from "../runtime/clock.ts";
import { KeyedBatcher } from "../runtime/keyed-batcher.ts";
import { KeyedQueue } from "../runtime/keyed-queue.ts";
import type { Documents, Versioned } from "../store/documents/documents.ts";
import type { DocumentChange, Transactions } from "../store/documents/transactions.ts";
import type { StoreTime } from "../store/store-time.ts";
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
  time: StoreTime;
  /** How long the record of an ended dispatch is kept. */
  rememberedMs: number;
  /** Called after each committed step, with the time when it was requested (milliseconds since 1970). */
  onStep?: ((stepped: StepResult, startedAt: number) => void) | undefined;
}

/** How often a step is planned again after a conflict before the caller gets `unavailable`. */
const triesMax = 50;

/** A step that waits for the next transaction of its agent. */
interface QueuedStep {
  messageId: MessageId;
  input: DispatchInput;
  progress: Progress | undefined;
  /** The new record, if the step creates its dispatch. */
  created: DispatchRecord | undefined;
  resolve(result: Promise<StepResult | StepRejected>): void;
}

/** A commit without success. If the record has its `writeId`, only the reply was lost, and the step is not repeated. */
interface EarlierCommit {
  writeId: string;
  result: StepResult | undefined;
}

/**
 * The records of dispatches. Each step reads the record, asks the machine, and writes the dispatch, the agent and the
 * events in one transaction. Of two steps planned from the same version, one is committed and the other is planned
 * again. So the attempt in the record is the fencing token, and a dispatch is completed once.
 *
 * Concurrent steps of one agent's dispatches are committed in one transaction. They all change the record of the agent,
 * so separate transactions would have to wait for each other.
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

  /** Writes a new, waiting dispatch. If the id is taken, resolves with the dispatch that has it. */
  async create(record: DispatchRecord): Promise<DispatchRecord> {
    const documents = [this.#changeOf(record, 0)];
    if (await this.#deps.transactions.commit({ documents, events: [] })) return record;
    const found = await this.get(record.work.messageId);
    if (!found) throw new Rejection("unavailable", "The dispatch could not be kept. Try again.");
    return found.value;
  }

  /** Creates a dispatch and assigns it to an agent in one transaction. `undefined`: not possible, or the id is taken. */
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

  /** Removes the pending effects, which were carried out. `false`: the record has changed, and may have others. */
  async clearPending(record: DispatchRecord): Promise<boolean> {
    const found = await this.get(record.work.messageId);
    if (found?.value.writeId !== record.writeId) return false;
    const documents = [this.#changeOf({ ...found.value, pending: {} }, found.version)];
    return (await this.#deps.transactions.commit({ documents, events: [] })) !== undefined;
  }

  /** Commits the step, if the machine allows it. `progress` is published with the input `progressed`. */
  step(messageId: MessageId, input: DispatchInput, progress?: Progress): Promise<StepResult | StepRejected> {
    // Steps of one dispatch run one after another: concurrent ones would conflict and be planned twice.
    return this.#observed(() =>
      this.#queue.run(messageId, () =>
        "agentId" in input && changesAgent(input)
          ? this.#enqueue(input.agentId, { messageId, input, progress, created: undefined })
          : this.#commitAlone(messageId, input, progress),
      ),
    );
  }

  #observed(step: () => Promise<StepResult | StepRejected>): Promise<StepResult | StepRejected> {
    const { onStep, clock } = this.#deps;
    if (!onStep) return step();
    const startedAt = clock.now();
    return step().then((stepped) => {
      if (!("refused" in stepped)) onStep(stepped, startedAt);
      return stepped;
    });
  }

  /** Commits the step in the next transaction of the agent, together with the others that wait for it. */
  #enqueue(agentId: AgentId, step: Omit<QueuedStep, "resolve">): Promise<StepResult | StepRejected> {
    return new Promise((resolve) => this.#batches.add(agentId, { ...step, resolve }));
  }

  /** Commits the steps together. Steps for which that fails are then committed one by one. */
  async #commitBatch(agentId: AgentId, steps: readonly QueuedStep[]): Promise<void> {
    const writeId = newEventId(this.#deps.clock.now());
    const planned = new Map<QueuedStep, StepResult>();
    let isCommitted = false;
    try {
      isCommitted = await this.#commitTogether(agentId, steps, writeId, planned);
    } catch {
      // Each step is tried again below, and reports its own error.
    }
    for (const step of steps) {
      const result = planned.get(step);
      if (isCommitted && result) step.resolve(Promise.resolve(result));
      // For a new dispatch, the caller tries another agent or leaves the dispatch waiting.
      else if (step.created) step.resolve(Promise.resolve({ refused: "full" }));
      else {
        const alone = this.#commitAlone(step.messageId, step.input, step.progress, { writeId, result });
        step.resolve(alone);
        await alone.catch(() => {});
      }
    }
  }

  /**
   * Commits all steps that are possible in one transaction, and puts their results into `planned`. Returns `false` if
   * nothing was written, since no step was possible or a cached version was stale.
   */
  async #commitTogether(
    agentId: AgentId,
    steps: readonly QueuedStep[],
    writeId: string,
    planned: Map<QueuedStep, StepResult>,
  ): Promise<boolean> {
    const { agents, clock, time, transactions } = this.#deps;
    const [agent, ...found] = await Promise.all([
      agents.versions.get(agentId) ?? agents.get(agentId),
      ...steps.map(({ messageId, created }) =>
        created ? { value: created, version: 0 } : (this.#versions.get(messageId) ?? this.get(messageId)),
      ),
    ]);
    if (!agent) return false;
    const now = time.now();
    const changes: { plan: Plan; expected: number; progress: Progress | undefined }[] = [];
    let agentNow = agent.value;
    for (const [index, step] of steps.entries()) {
      const dispatch = found[index];
      if (!dispatch) continue;
      const plan = planStep(dispatch.value, step.input, agentNow, { writeId: step.created?.writeId ?? writeId, now });
      if ("refused" in plan) continue;
      agentNow = plan.agent ?? agentNow;
      changes.push({ plan, expected: dispatch.version, progress: step.progress });
      planned.set(step, plan);
    }
    if (changes.length === 0) return false;
    const documents = changes.map(({ plan, expected }) => this.#changeOf(plan.record, expected));
    // Written even if unchanged, to check its version: the cached record may lack a dispatch that another instance has
    // assigned, and then a step that ends this dispatch would leave it in flight for good.
    documents.push(changeOf(agentNow, agent.version));
    const events = changes.flatMap(({ plan, progress }) => eventsOf(clock, plan.record, plan.effects, progress));
    const isCommitted = (await transactions.commit({ documents, events })) !== undefined;
    for (const { plan, expected } of changes) this.#cacheVersion(plan, expected, isCommitted);
    if (!isCommitted) agents.versions.delete(agentId);
    else agents.versions.set(agentId, agentNow, agent.version + 1);
    return isCommitted;
  }

  /** Commits one step on its own, planned again after each conflict. */
  async #commitAlone(
    messageId: MessageId,
    input: DispatchInput,
    progress: Progress | undefined,
    { writeId, result: earlier }: EarlierCommit = { writeId: newEventId(this.#deps.clock.now()), result: undefined },
  ): Promise<StepResult | StepRejected> {
    const { agents, clock, time, transactions } = this.#deps;
    let result = earlier;
    for (let tries = 0; tries < triesMax; tries++) {
      // The cached version may be stale: it may lead to a conflict, but never to a refusal.
      const cached = tries === 0 && !result ? this.#versions.get(messageId) : undefined;
      const found = cached ?? (await this.get(messageId));
      if (!found) return { refused: "unknown" };
      // The commit before succeeded, and its reply was lost.
      if (result && found.value.writeId === writeId) return result;

      const agentId = agentOf(input, found.value.state);
      const agent = agentId && changesAgent(input) ? await agents.get(agentId) : undefined;
      const plan = planStep(found.value, input, agent?.value, { writeId, now: time.now() });
      if ("refused" in plan) {
        if (cached) continue;
        return { refused: plan.refused, record: found.value };
      }
      result = plan;
      const documents = [this.#changeOf(plan.record, found.version)];
      if (agent && plan.agent) documents.push(changeOf(plan.agent, agent.version));
      const events = eventsOf(clock, plan.record, plan.effects, progress);
      const isCommitted = (await transactions.commit({ documents, events })) !== undefined;
      this.#cacheVersion(plan, found.version, isCommitted);
      if (agent && plan.agent && isCommitted) agents.versions.set(plan.agent.agentId, plan.agent, agent.version + 1);
      if (isCommitted) return result;
    }
    throw new Rejection("unavailable", `Too much is going on around dispatch ${messageId}. Try again.`);
  }

  #cacheVersion({ record }: Plan, expected: number, isCommitted: boolean): void {
    const { messageId } = record.work;
    if (isCommitted && !hasEnded(record)) this.#versions.set(messageId, record, expected + 1);
    else this.#versions.delete(messageId);
  }

  #changeOf(record: DispatchRecord, expected: number): DocumentChange {
    const options = hasEnded(record) ? { ttlMs: this.#deps.rememberedMs } : {};
    return { kind: "dispatch", id: record.work.messageId, value: record, expected, options };
  }
}
