import type { CommandData, CommandPayload } from "../../shared/commands/catalogue.ts";
import type { Attempt } from "../../shared/entities/dispatch.ts";
import type { MessageId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Sender } from "../../shared/sender.ts";
import type { DispatchResponses } from "../conversations/dispatch-responses.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import { senderOf } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import type { Leases } from "../store/leases.ts";
import type { StoreTime } from "../store/store-time.ts";
import { type AgentRecord, holds } from "./agents/agent-record.ts";
import type { Agents } from "./agents/agents.ts";
import { type LocalAgent, type LocalAgents, markDone } from "./agents/local-agents.ts";
import { type DispatchLifecycle, notFound } from "./dispatch-lifecycle.ts";
import { type DispatchRecord, responseOf, withoutAbsent } from "./dispatch-record.ts";

interface AgentCommandsDeps {
  agents: Agents;
  localAgents: LocalAgents;
  lifecycle: DispatchLifecycle;
  leases: Leases;
  responses: DispatchResponses;
  clock: Clock;
  time: StoreTime;
  leaseMs: number;
  failed: Failed;
}

type Payload<Name extends "heartbeat" | "progress" | "response"> = CommandPayload<"/agents", Name>;
type Reply<Name extends "heartbeat" | "progress" | "response"> = CommandData<"/agents", Name>;

/** How often the progress of an agent is noted in its record, at most. */
const noteEveryMs = 1_000;

/** The commands of agents, at the instance where they are connected. */
export class AgentCommands {
  readonly #deps: AgentCommandsDeps;

  constructor(deps: AgentCommandsDeps) {
    this.#deps = deps;
  }

  /** The agent that registered over the connection. Rejects with `conflict` if none has. */
  agentOf(session: Session): LocalAgent {
    const local = this.#deps.localAgents.bySession(session);
    if (!local) throw new Rejection("conflict", "Register first.");
    return local;
  }

  senderOf({ agentId, session }: LocalAgent): Sender {
    return { ...senderOf(session.principal), agentId };
  }

  async heartbeat(session: Session, { agentId, dispatches }: Payload<"heartbeat">): Promise<Reply<"heartbeat">> {
    const local = this.agentOf(session);
    if (agentId !== local.agentId) throw new Rejection("forbidden", `This connection is ${local.agentId}'s.`);
    const record = await this.#note(local, (now) => ({ heartbeatAt: now }));
    // An agent that leaves `dispatches` out has all that it was assigned.
    const named: readonly Attempt[] = dispatches ?? record.inFlight;
    const held = named.filter(({ messageId, attempt }) => holds(record, messageId, attempt));
    await this.#renew(local, held);
    const cancel = named.filter((attempt) => !held.includes(attempt)).map(({ messageId }) => messageId);
    for (const messageId of cancel) markDone(local, messageId);
    return { agentId, ...(dispatches && { dispatches }), cancel: [...new Set(cancel)] };
  }

  /** Rejects with `not_found` for an attempt that was never this agent's. */
  async progress(session: Session, payload: Payload<"progress">): Promise<Reply<"progress">> {
    const local = this.agentOf(session);
    const { messageId, attempt, ...progress } = payload;
    const { agentId } = local;
    const { leaseMs, lifecycle, responses, clock } = this.#deps;
    const input = { type: "progressed", agentId, attempt, leaseMs } as const;
    const stepped = await lifecycle.step(messageId, input, withoutAbsent(progress));
    if (clock.monotonicMs() - local.progressNotedMs >= noteEveryMs) {
      local.progressNotedMs = clock.monotonicMs();
      this.#note(local, (now) => ({ progressAt: now })).catch((error: unknown) =>
        this.#deps.failed("store the progress of an agent", error, { willRetry: false, agentId: local.agentId }),
      );
    }
    if ("refused" in stepped) {
      assertOwn(stepped.record, local, messageId, attempt);
      markDone(local, messageId);
      return { cancel: true };
    }
    const response = responseOf(stepped.record);
    if (response && progress.delta !== undefined) {
      await responses.write(response, session, this.senderOf(local), progress.delta);
    }
    return { cancel: false };
  }

  /** Rejects with `not_found` for an attempt that was never this agent's. */
  async response(session: Session, payload: Payload<"response">): Promise<Reply<"response">> {
    const local = this.agentOf(session);
    const { messageId, attempt, ...outcome } = payload;
    const { agentId } = local;
    const { lifecycle, responses } = this.#deps;
    if (local.sentAttempts.get(messageId)?.attempt === attempt) await responses.flushAndClose(messageId);
    const input = { type: "responded", agentId, attempt, outcome: withoutAbsent(outcome) } as const;
    const stepped = await lifecycle.step(messageId, input);
    if ("refused" in stepped) assertOwn(stepped.record, local, messageId, attempt);
    markDone(local, messageId, attempt);
    return { accepted: !("refused" in stepped) };
  }

  /** Records a sign of life of the agent, and renews its lease. */
  async #note(local: LocalAgent, sign: (now: number) => Partial<AgentRecord>): Promise<AgentRecord> {
    const { agents, leases, leaseMs, time } = this.#deps;
    const { agentId, session } = local;
    const record = await agents.change(agentId, (before) => {
      if (before?.connectionId !== session.connectionId || before.status !== "connected") return undefined;
      const now = time.now();
      return { record: { ...before, lastSeen: now, ...sign(now) }, events: [] };
    });
    if (!record)
      throw new Rejection("conflict", `Agent ${agentId} is registered elsewhere, or was given up. Reconnect.`);
    await leases.set("agents", [{ id: agentId, inMs: leaseMs }]);
    return record;
  }

  async #renew({ sentAttempts }: LocalAgent, attempts: readonly Attempt[]): Promise<void> {
    const { leases, leaseMs, time } = this.#deps;
    const now = time.now();
    const renewed = attempts.flatMap(({ messageId }) => {
      const known = sentAttempts.get(messageId);
      return known ? [{ id: messageId, inMs: Math.min(leaseMs, known.deadline - now) }] : [];
    });
    await leases.set("dispatches", renewed);
  }
}

/** Rejects with `not_found` for an attempt that was never this agent's. */
function assertOwn(
  record: DispatchRecord | undefined,
  { agentId }: LocalAgent,
  messageId: MessageId,
  attempt: number,
): void {
  if (record?.agents[attempt - 1] !== agentId) throw notFound(messageId);
}
