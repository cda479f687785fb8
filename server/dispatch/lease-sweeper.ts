import type { AgentVerdict } from "../../shared/entities/agent.ts";
import type { AgentId, MessageId } from "../../shared/ids.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { LeaseLine, Leases } from "../store/leases.ts";
import type { Courier } from "./agent-delivery.ts";
import type { LostAgents } from "./agent-expiry.ts";
import type { Agents } from "./agents/agents.ts";
import type { Dispatching } from "./dispatch-lifecycle.ts";
import type { Placement } from "./scheduler.ts";
import type { Waiters } from "./waiters.ts";

export interface RoundsDeps {
  leases: Leases;
  agents: Agents;
  dispatching: Pick<Dispatching, "due">;
  lostAgents: Pick<LostAgents, "due">;
  courier: Pick<Courier, "look" | "lookAtAll">;
  placement: Pick<Placement, "fill" | "fillHaving">;
  waiters: Pick<Waiters<unknown>, "wake">;
  broadcast: Broadcast;
  leaseMs: number;
  heartbeatIntervalMs: number;
  failed(error: unknown): void;
}

const roundMs = 1_000;
const claimedAtOnce = 50;
/** How long nobody else looks at what was claimed: more than it takes to look. */
const claimMs = 5_000;

/** Looks at everything whose time has come, again and again, and at once where somebody says that there is a reason to. */
export class Rounds {
  readonly #deps: RoundsDeps;
  readonly #timer: NodeJS.Timeout;
  #going: Promise<void> | undefined;
  #notBefore = 0;
  #verdicts: Partial<Record<AgentVerdict["state"], number>> = {};
  #inFlight = 0;

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.go(), Math.min(roundMs, deps.leaseMs / 4)).unref();
    this.#listen();
  }

  /** How many of the agents that are connected here are judged how, as of the round before. */
  get verdicts(): Partial<Record<AgentVerdict["state"], number>> {
    return this.#verdicts;
  }

  /** How many dispatches the agents that are connected here have, as of the round before. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Goes one round; one that is under way is joined. */
  go(): Promise<void> {
    this.#going ??= this.#round().finally(() => {
      this.#going = undefined;
    });
    return this.#going;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#going;
  }

  async #round(): Promise<void> {
    const { dispatching, lostAgents, courier, agents, leaseMs, heartbeatIntervalMs, failed } = this.#deps;
    try {
      const records = await courier.lookAtAll();
      this.#verdicts = {};
      this.#inFlight = 0;
      for (const { verdict, inFlight } of records) {
        this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
        this.#inFlight += inFlight.length;
      }
      await Promise.all(records.map((record) => agents.judge(record)));
      if (performance.now() < this.#notBefore) return;
      await this.#claimAll("dispatches", (id) => dispatching.due(id as MessageId));
      await this.#claimAll("agents", (id) => lostAgents.due(id as AgentId));
    } catch (error) {
      // While the store was away nobody could renew a lease: agents have the time of a heartbeat to do so now.
      this.#notBefore = performance.now() + Math.min(leaseMs / 2, heartbeatIntervalMs * 1.2);
      failed(error);
    }
  }

  async #claimAll(line: LeaseLine, look: (id: string) => Promise<void>): Promise<void> {
    for (;;) {
      const claimed = await this.#deps.leases.claim(line, claimedAtOnce, claimMs);
      const looks = await Promise.allSettled(claimed.map(look));
      for (const { reason } of looks.filter((result) => result.status === "rejected")) this.#deps.failed(reason);
      if (claimed.length < claimedAtOnce) return;
    }
  }

  #listen(): void {
    const { broadcast, courier, placement, waiters, failed } = this.#deps;
    broadcast.listen((message) => {
      if (message.kind === "agent") {
        const { agentId } = message;
        courier
          .look(agentId)
          .then(() => placement.fill(agentId))
          .catch(failed);
      }
      if (message.kind === "capability") placement.fillHaving(message.capability).catch(failed);
      if (message.kind === "ended") waiters.wake(message.messageId);
    });
  }
}
