import type { Agent } from "../../../shared/entities/agent.ts";
import type { DispatchStatus } from "../../../shared/entities/dispatch.ts";
import type { AgentList } from "../../../shared/http/agents.ts";
import type { AgentId, MessageId } from "../../../shared/ids.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { monitoringLog } from "../../../shared/room.ts";
import type { EventLog } from "../../store/log/event-log.ts";
import type { StoreTime } from "../../store/store-time.ts";
import { type AgentRecord, allAgents, toAgent } from "./agent-record.ts";
import type { Agents } from "./agents.ts";

interface AgentListDeps {
  agents: Agents;
  log: Pick<EventLog, "bounds">;
  time: StoreTime;
  stallMs: number;
  /** The statuses of dispatches, in the order of their ids. */
  statusesOf(messageIds: MessageId[]): Promise<(DispatchStatus | undefined)[]>;
}

/** The agents of all instances, as clients see them. */
export class AgentDirectory {
  readonly #deps: AgentListDeps;

  constructor(deps: AgentListDeps) {
    this.#deps = deps;
  }

  async list(limit: number, cursor: string | undefined): Promise<AgentList> {
    // Read first, so that later changes are in the log after this position.
    const { epoch, last: offset } = await this.#deps.log.bounds(monitoringLog);
    const { items, nextCursor } = await this.#deps.agents.list(allAgents, limit, cursor);
    const listed = await this.#toAgents(items.map(({ value }) => value));
    return { items: listed, nextCursor, position: { epoch, offset } };
  }

  /** Rejects with `not_found`. */
  async get(agentId: AgentId): Promise<Agent> {
    const found = await this.#deps.agents.get(agentId);
    const [agent] = found ? await this.#toAgents([found.value]) : [];
    if (!agent) throw new Rejection("not_found", `There is no agent ${agentId}.`);
    return agent;
  }

  async #toAgents(records: AgentRecord[]): Promise<Agent[]> {
    const { time, stallMs, statusesOf } = this.#deps;
    const messageIds = records.flatMap(({ inFlight }) => inFlight.map(({ messageId }) => messageId));
    const statuses = await statusesOf(messageIds);
    const byId = new Map(messageIds.map((messageId, index) => [messageId, statuses[index]]));
    const now = time.now();
    return records.map((record) => toAgent(record, { now, stallMs, statusOf: (messageId) => byId.get(messageId) }));
  }
}
