import type { Agent } from "../../../shared/entities/agent.ts";
import type { DispatchStatus } from "../../../shared/entities/dispatch.ts";
import type { AgentId, ConnectionId, InstanceId, MessageId, UserId } from "../../../shared/ids.ts";
import type { JsonObject } from "../../../shared/json.ts";
import { timestampAt } from "../../runtime/clock.ts";
import type { PutOptions } from "../../store/documents/documents.ts";
import { type SignsOfLife, verdictOf } from "./verdict.ts";

/** An attempt that an agent has been assigned. `since`: milliseconds since 1970. */
export interface InFlight {
  messageId: MessageId;
  attempt: number;
  since: number;
}

/** The stored record of an agent, which is kept for a while after it has disconnected. Times in milliseconds since 1970. */
export interface AgentRecord extends SignsOfLife {
  agentId: AgentId;
  userId: UserId;
  /** Name of the user. */
  name: string | null;
  capabilities: string[];
  workdir?: string;
  metadata?: JsonObject;
  concurrency: number;
  /** Its instance is stopping: it is assigned nothing until it has registered again. */
  isLeaving?: boolean;
  /** Where it is connected, if it is. */
  instanceId?: InstanceId;
  connectionId?: ConnectionId;
  inFlight: InFlight[];
  /** The verdict that was published last. */
  verdict: Agent["verdict"]["state"];
  /** As in `DispatchRecord`. */
  writeId: string;
}

/** How long the record of a disconnected agent is kept: 24 hours. */
const rememberedMs = 86_400_000;

export const allAgents = "all";
export const havingCapability = (capability: string) => `capability:${capability}`;

/** The indexes and the expiry of a record. */
export function agentOptions({ status, capabilities }: AgentRecord): PutOptions {
  if (status !== "connected") return { indexes: [allAgents], ttlMs: rememberedMs };
  return { indexes: [allAgents, ...new Set(capabilities.map(havingCapability))] };
}

export const hasCapacity = ({ status, isLeaving, inFlight, concurrency }: AgentRecord) =>
  status === "connected" && !isLeaving && inFlight.length < concurrency;

export const holds = ({ inFlight }: AgentRecord, messageId: MessageId, attempt: number) =>
  inFlight.some((held) => held.messageId === messageId && held.attempt === attempt);

export function without(record: AgentRecord, messageId: MessageId, attempt: number): AgentRecord {
  const inFlight = record.inFlight.filter((held) => held.messageId !== messageId || held.attempt !== attempt);
  return { ...record, inFlight };
}

/** The record of an agent that is no longer connected. */
export function disconnected(
  before: AgentRecord,
  status: "disconnected" | "heartbeat_lost",
  goneBecause: string,
): AgentRecord {
  const { instanceId: _instance, connectionId: _connection, heartbeatAt: _heartbeat, isLeaving: _, ...record } = before;
  return { ...record, status, goneBecause };
}

interface ListedAgentOptions {
  now: number;
  stallMs: number;
  /** The status of a dispatch in flight; `undefined` if it has just ended. */
  statusOf(messageId: MessageId): DispatchStatus | undefined;
}

/** The agent as clients see it. */
export function toAgent(record: AgentRecord, { now, stallMs, statusOf }: ListedAgentOptions): Agent {
  const { agentId, userId, capabilities, workdir, metadata, status, concurrency, instanceId } = record;
  return {
    agentId,
    userId,
    capabilities,
    ...(workdir !== undefined && { workdir }),
    ...(metadata !== undefined && { metadata }),
    status,
    concurrency,
    inFlight: record.inFlight.flatMap(({ messageId, attempt }) => {
      const status = statusOf(messageId);
      return status ? [{ messageId, attempt, status }] : [];
    }),
    ...(instanceId !== undefined && { instanceId }),
    connectedAt: timestampAt(record.connectedAt),
    lastSeen: timestampAt(record.lastSeen),
    verdict: verdictOf(record, now, stallMs),
  };
}
