import type { Progress } from "../../shared/entities/dispatch.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { newEventId } from "../publish/event-id.ts";
import type { Clock } from "../runtime/clock.ts";
import { Turns } from "../runtime/keyed-batcher.ts";
import { Lanes } from "../runtime/keyed-queue.ts";
import type { Documents, Versioned } from "../store/documents/documents.ts";
import type { DocumentChange, Transactions } from "../store/documents/transactions.ts";
import { type Agents, changeOf } from "./agents/agents.ts";
import { eventsOf } from "./dispatch-events.ts";
import type { DispatchInput } from "./dispatch-machine.ts";
import { type DispatchRecord, hasEnded } from "./dispatch-record.ts";
import { agentOf, changesAgent, type Plan, planStep } from "./step-plan.ts";
import type { Refused, Stepped } from "./step-result.ts";
import { Remembered } from "./version-cache.ts";

export interface DispatchesDeps {
  documents: Documents;
  transactions: Transactions;
  agents: Agents;
  clock: Clock;
  /** How long a dispatch that has ended is remembered. */
  rememberedMs: number;
  /** A step was made, which began at a time (milliseconds since 1970). Absent: nobody wants to know. */
  made?: ((stepped: Stepped, startedAt: number) => void) | undefined;
}

/** So often a step is decided anew before the caller is told to try again. */
const triesMax = 50;

/** A step that waits for its turn at an agent. */
interface Wanted {
  messageId: MessageId;
  input: DispatchInput;
  progress: Progress | undefined;
  /** Of a dispatch that does not exist yet. */
  created: DispatchRecord | undefined;
  settle(result: Promise<Stepped | Refused>): void;
}

/** What was decided, in case it was carried out and the answer got lost. */
interface Decided {
  mark: string;
  made: Stepped | undefined;
}

/**
 * The records of dispatches. Each step reads the record, asks the machine, and writes the dispatch, the agent and the
 * events in one transaction: of two that were decided on the same version one is made, and the other decided anew. So
 * the attempt in the record is the fence, and a dispatch is completed once.
 *
 * Steps of several dispatches of one agent that meet here are made in one transaction: they would only wait for each
 * other, and an agent with much to do would be as slow as they are in a row.
 */
export class Dispatches {
  readonly #deps: DispatchesDeps;
  readonly #lanes = new Lanes<MessageId>();
  readonly #remembered = new Remembered<MessageId, DispatchRecord>();
  readonly #turns: Turns<AgentId, Wanted>;

  constructor(deps: DispatchesDeps) {
    this.#deps = deps;
    const inOrder: Agents["inOrder"] = (agentId, run) => deps.agents.inOrder(agentId, run);
    this.#turns = new Turns(inOrder, (agentId, all) => this.#makeAll(agentId, all));
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
  async createGiven(created: DispatchRecord, agentId: AgentId, leaseMs: number): Promise<DispatchRecord | undefined> {
    const { messageId } = created.work;
    const input: DispatchInput = { type: "assigned", agentId, leaseMs };
    const stepped = await this.#told(() =>
      this.#lanes.run(messageId, () => this.#atAgent(agentId, { messageId, input, progress: undefined, created })),
    );
    return "refused" in stepped ? undefined : stepped.record;
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
    // What changes a record waits for others that do, or it would have to be decided twice.
    return this.#told(() =>
      this.#lanes.run(messageId, () =>
        "agentId" in input && changesAgent(input)
          ? this.#atAgent(input.agentId, { messageId, input, progress, created: undefined })
          : this.#alone(messageId, input, progress),
      ),
    );
  }

  #told(step: () => Promise<Stepped | Refused>): Promise<Stepped | Refused> {
    const { made, clock } = this.#deps;
    if (!made) return step();
    const startedAt = clock.now();
    return step().then((stepped) => {
      if (!("refused" in stepped)) made(stepped, startedAt);
      return stepped;
    });
  }

  /** Makes the step when it is its turn at the agent, along with others whose turn it is. */
  #atAgent(agentId: AgentId, step: Omit<Wanted, "settle">): Promise<Stepped | Refused> {
    return new Promise((settle) => this.#turns.add(agentId, { ...step, settle }));
  }

  async #makeAll(agentId: AgentId, all: readonly Wanted[]): Promise<void> {
    const decided: Decided = { mark: newEventId(this.#deps.clock.now()), made: undefined };
    const plans = new Map<Wanted, Stepped>();
    let areMade = false;
    try {
      areMade = await this.#together(agentId, all, decided.mark, plans);
    } catch {
      // Each finds out for itself, and says so.
    }
    for (const wanted of all) {
      const made = plans.get(wanted);
      if (areMade && made) wanted.settle(Promise.resolve(made));
      else {
        const { messageId, input, progress, created } = wanted;
        // One that could not be created so is created otherwise.
        const alone = created
          ? Promise.resolve({ refused: "full" as const })
          : this.#alone(messageId, input, progress, { ...decided, made });
        wanted.settle(alone);
        await alone.catch(() => {});
      }
    }
  }

  /** Makes those of the steps that are possible in one transaction. `false`: something was not as it was remembered. */
  async #together(
    agentId: AgentId,
    all: readonly Wanted[],
    mark: string,
    plans: Map<Wanted, Stepped>,
  ): Promise<boolean> {
    const { agents, clock, transactions } = this.#deps;
    const [agent, ...found] = await Promise.all([
      agents.remembered.get(agentId) ?? agents.get(agentId),
      ...all.map(({ messageId, created }) =>
        created ? { value: created, version: 0 } : (this.#remembered.get(messageId) ?? this.get(messageId)),
      ),
    ]);
    if (!agent) return false;
    const now = clock.now();
    const made: { plan: Plan; expected: number; progress: Progress | undefined }[] = [];
    let agentNow = agent.value;
    for (const [index, wanted] of all.entries()) {
      const dispatch = found[index];
      if (!dispatch) continue;
      const stepMark = wanted.created?.mark ?? mark;
      const plan = planStep(dispatch.value, wanted.input, agentNow, { mark: stepMark, now });
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
    for (const { plan, expected } of made) this.#note(plan, expected, isMade);
    if (!isMade) agents.remembered.forget(agentId);
    else agents.remembered.set(agentId, agentNow, agent.version + 1);
    return isMade;
  }

  /** One step by itself, decided anew for as long as others are faster. */
  async #alone(
    messageId: MessageId,
    input: DispatchInput,
    progress: Progress | undefined,
    { mark, made: earlier }: Decided = { mark: newEventId(this.#deps.clock.now()), made: undefined },
  ): Promise<Stepped | Refused> {
    const { agents, clock, transactions } = this.#deps;
    let made = earlier;
    for (let tries = 0; tries < triesMax; tries++) {
      // A guess must not refuse anything.
      const guess = tries === 0 && !made ? this.#remembered.get(messageId) : undefined;
      const found = guess ?? (await this.get(messageId));
      if (!found) return { refused: "unknown" };
      // It was carried out, and the answer got lost.
      if (made && found.value.mark === mark) return made;

      const agentId = agentOf(input, found.value.state);
      const agent = agentId && changesAgent(input) ? await agents.get(agentId) : undefined;
      const plan = planStep(found.value, input, agent?.value, { mark, now: clock.now() });
      if ("refused" in plan) {
        if (guess) continue;
        return { refused: plan.refused, record: found.value };
      }
      made = plan;
      const documents = [this.#changeOf(plan.record, found.version)];
      if (agent && plan.agent) documents.push(changeOf(plan.agent, agent.version));
      const events = eventsOf(clock, plan.record, plan.effects, progress);
      const isMade = (await transactions.commit({ documents, events })) !== undefined;
      this.#note(plan, found.version, isMade);
      if (agent && plan.agent && isMade) agents.remembered.set(plan.agent.agentId, plan.agent, agent.version + 1);
      if (isMade) return made;
    }
    throw new Rejection("unavailable", `Too much is going on around dispatch ${messageId}. Try again.`);
  }

  #note({ record }: Plan, expected: number, isMade: boolean): void {
    const { messageId } = record.work;
    if (isMade && !hasEnded(record)) this.#remembered.set(messageId, record, expected + 1);
    else this.#remembered.forget(messageId);
  }

  #changeOf(record: DispatchRecord, expected: number): DocumentChange {
    const options = hasEnded(record) ? { ttlMs: this.#deps.rememberedMs } : {};
    return { kind: "dispatch", id: record.work.messageId, value: record, expected, options };
  }
}
