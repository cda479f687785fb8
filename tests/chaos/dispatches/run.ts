import type { LoggedEnvelope } from "../../../shared/envelope.ts";
import { EventType } from "../../../shared/event-type.ts";
import { Random } from "../../support/random.ts";
import { tokenOf } from "../../support/tokens.ts";
import { Cluster } from "../cluster.ts";
import { type Rows, summarize, table } from "../report.ts";
import { pause } from "../roamer.ts";
import { TruthReader } from "../truth.ts";
import { ChaosAgent } from "./chaos-agent.ts";
import { Dispatcher, type Outcome } from "./dispatcher.ts";

interface DispatchRunOptions {
  minutes: number;
  seed: number;
  instances: number;
  agents: number;
  dispatches: number;
  /** Whether Redis fails, too. */
  redis: boolean;
  folder: string;
}

const leaseMs = 5_000;
const heartbeatMs = 1_000;
const conversationId = "answers";
const capabilities = ["code", "test", "write"];

const environment = {
  DRAIN_MS: "1000",
  AGENT_LEASE_MS: String(leaseMs),
  AGENT_HEARTBEAT_INTERVAL_MS: String(heartbeatMs),
  LOG_MAX_EVENTS: "10000000",
  LIMIT_COMMANDS_PER_SECOND: "100000",
  LIMIT_COMMANDS_BURST: "100000",
};

/** Many dispatches over agents and instances that are killed at random, and the check that each ended as it must. */
export class DispatchRun {
  readonly #options: DispatchRunOptions;
  readonly #violations: string[] = [];
  readonly #accepted = new Map<string, string[]>();
  readonly #faults = new Map<string, number>();
  readonly #startedAt = performance.now();
  #cluster: Cluster | undefined;
  #truth: TruthReader | undefined;

  constructor(options: DispatchRunOptions) {
    this.#options = options;
  }

  /** Ends the processes at once. */
  destroy(): void {
    this.#cluster?.destroy();
    this.#truth?.destroy();
  }

  async run() {
    const { seed, instances, folder, agents: count, dispatches } = this.#options;
    this.#say(`seed ${seed}, ${dispatches} dispatches, ${count} agents, ${instances} instances`);
    const violated = (what: string) => {
      this.#violations.push(what);
      this.#say(`VIOLATION ${what}`);
    };
    const cluster = await Cluster.start({ instances, folder, environment, hasClocks: true, violated });
    this.#cluster = cluster;
    while (!(await cluster.areReady())) await pause(100);
    const rooms = ["monitoring", `conversation:${conversationId}`];
    const truth = new TruthReader(cluster.redis.url, rooms, 10_000_000);
    this.#truth = truth;
    await truth.start();
    await this.#createConversation(cluster.ports[0] ?? 0);

    const agents = this.#createAgents(cluster.ports);
    const isOver = { value: false };
    const misfortunes = this.#misfortunes(cluster, agents, isOver);
    const ended = await this.#dispatchAll(cluster.ports);
    isOver.value = true;
    await misfortunes;
    // What is owed to a conversation may be told a moment later.
    await this.#until(
      () => this.#answers(truth).length >= ended.filter(({ dispatch }) => dispatch.sessionId).length,
      leaseMs * 4,
    );
    for (const agent of agents) agent.close();
    for (const fault of await truth.finish()) violated(fault);
    this.#check(ended, truth, violated);
    await cluster.close();
    return this.#report(ended);
  }

  #createAgents(ports: readonly number[]): ChaosAgent[] {
    const { seed, agents } = this.#options;
    return Array.from({ length: agents }, (_, index) => {
      return new ChaosAgent({
        agentId: `agent-${index}`,
        capabilities: [capabilities[index % capabilities.length] ?? "code"],
        ports,
        random: new Random(seed * 1_000 + index),
        heartbeatMs,
        accepted: (messageId, content) => {
          this.#accepted.set(messageId, [...(this.#accepted.get(messageId) ?? []), content]);
        },
      });
    });
  }

  async #createConversation(port: number): Promise<void> {
    await fetch(`http://127.0.0.1:${port}/api/conversations`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokenOf("backend", ["service"])}`, "content-type": "application/json" },
      body: JSON.stringify({ id: conversationId }),
    });
  }

  /** Spread over the time that there is. */
  async #dispatchAll(ports: readonly number[]): Promise<Outcome[]> {
    const { seed, minutes, dispatches, agents } = this.#options;
    const random = new Random(seed + 7);
    const dispatcher = new Dispatcher(ports, random);
    const one = async (index: number): Promise<Outcome> => {
      await pause(random.between(0, minutes * 60_000));
      const id = `d-${index}`;
      const to = random.chance(0.7)
        ? { capability: random.pick(capabilities) }
        : { agentId: `agent-${random.between(0, agents - 1)}` };
      const inChat = random.chance(0.5) ? { sessionId: conversationId } : {};
      const timeoutMs = random.between(10_000, 60_000);
      const work = { id, content: "work", queue: true, maxAttempts: 20, timeoutMs, ...to, ...inChat };
      await dispatcher.give(work);
      if (random.chance(0.05)) setTimeout(() => void dispatcher.cancel(id), random.between(0, 1_000));
      return dispatcher.result(id);
    };
    return Promise.all(Array.from({ length: dispatches }, (_, index) => one(index)));
  }

  async #misfortunes(cluster: Cluster, agents: readonly ChaosAgent[], isOver: { value: boolean }): Promise<void> {
    const random = new Random(this.#options.seed + 13);
    const onAgents = async () => {
      while (!isOver.value) {
        await pause(random.between(100, 1_000));
        const agent = random.pick(agents);
        const [name, act] = random.pick([
          ["agent killed", () => agent.kill(random.between(0, 4_000))],
          ["agent cut off", () => agent.cut(random.between(0, leaseMs * 2))],
          ["agent hung", () => agent.vanish(random.between(500, leaseMs * 2))],
        ] as const);
        this.#faults.set(name, (this.#faults.get(name) ?? 0) + 1);
        void act();
      }
    };
    const onInstances = async () => {
      while (!isOver.value) {
        await pause(random.between(2_000, 8_000));
        const instance = random.pick(cluster.instances);
        const [name, act] = random.pick([
          ["instance killed", () => instance.kill(random.between(0, 2_000))],
          ["instance replaced", () => instance.replace()],
          ["instance frozen", () => instance.freeze(random.between(500, 3_000))],
        ] as const);
        this.#faults.set(name, (this.#faults.get(name) ?? 0) + 1);
        await act();
      }
    };
    const onRedis = async () => {
      while (this.#options.redis && !isOver.value) {
        await pause(random.between(15_000, 30_000));
        this.#faults.set("Redis killed", (this.#faults.get("Redis killed") ?? 0) + 1);
        await cluster.redis.kill();
        await pause(random.between(0, 2_000));
        await cluster.redis.restart();
      }
    };
    await Promise.all([onAgents(), onInstances(), onRedis()]);
  }

  #answers(truth: TruthReader): LoggedEnvelope[] {
    const log = truth.truths.get(`conversation:${conversationId}`)?.events ?? [];
    return log.filter(({ type }) => type === EventType.ChatResponse);
  }

  #check(ended: readonly Outcome[], truth: TruthReader, violated: (what: string) => void): void {
    const completions = new Map<string, number>();
    for (const event of truth.truths.get("monitoring")?.events ?? []) {
      if (event.type !== EventType.AgentResponse) continue;
      const { messageId } = (event as LoggedEnvelope<EventType.AgentResponse>).data;
      completions.set(messageId, (completions.get(messageId) ?? 0) + 1);
    }
    const answers = new Map<string, number>();
    for (const event of this.#answers(truth)) {
      const { responseId } = (event as LoggedEnvelope<EventType.ChatResponse>).data;
      answers.set(responseId, (answers.get(responseId) ?? 0) + 1);
    }
    for (const { dispatch } of ended) {
      const { messageId, status, deadline, updatedAt, sessionId, outcome } = dispatch;
      const due = status === "completed" ? 1 : 0;
      const completed = completions.get(messageId) ?? 0;
      if (completed !== due) violated(`${messageId} is ${status}, and was completed ${completed} times`);
      const accepted = this.#accepted.get(messageId) ?? [];
      if (accepted.length > 1) violated(`${messageId}: ${accepted.length} responses were accepted`);
      if (status === "completed" && accepted[0] !== undefined && accepted[0] !== outcome?.content)
        violated(`${messageId}: ${accepted[0]} was accepted, and ${outcome?.content} is its result`);
      if (Date.parse(updatedAt) > Date.parse(deadline) + leaseMs)
        violated(`${messageId} ended late: ${updatedAt}, not ${deadline}`);
      const closed = answers.get(messageId) ?? 0;
      if (closed !== (sessionId ? 1 : 0)) violated(`${messageId}: its answer was closed ${closed} times`);
    }
  }

  #report(ended: readonly Outcome[]) {
    const of = (status: string) => ended.filter(({ dispatch }) => dispatch.status === status).length;
    const late = ended.map(({ dispatch }) => Date.parse(dispatch.updatedAt) - Date.parse(dispatch.deadline));
    const attempts = ended.map(({ dispatch }) => dispatch.attempt);
    const tookMs = summarize(
      ended.map(({ dispatch }) => Date.parse(dispatch.updatedAt) - Date.parse(dispatch.createdAt)),
    );
    const rows: Rows = [
      ["dispatches", ended.length],
      ["completed", of("completed")],
      ["failed", of("failed")],
      ["cancelled", of("cancelled")],
      ["lost", of("lost")],
      ["attempts in all", attempts.reduce((sum, count) => sum + count, 0)],
      ["most attempts of one", Math.max(...attempts)],
      ["median from creation to end, ms", tookMs.p50],
      ["99 % from creation to end, ms", tookMs.p99],
      ["latest end after its deadline, ms", Math.max(...late)],
      ...[...this.#faults].sort().map(([name, times]) => [name, times] as const),
      ["violations", this.#violations.length],
    ];
    console.log(table(rows));
    return { passed: this.#violations.length === 0, seed: this.#options.seed, rows, violations: this.#violations };
  }

  async #until(holds: () => boolean, limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while (!holds() && performance.now() < until) await pause(50);
  }

  #say(what: string): void {
    console.log(`${((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(7)} s  ${what}`);
  }
}
