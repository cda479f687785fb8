import type { CommandData, CommandPayload } from "../../shared/commands/catalogue.ts";
import type { Attempt } from "../../shared/entities/dispatch.ts";
import { agentConnected, agentDisconnected, agentHeartbeatLost } from "../../shared/events/agent-events.ts";
import type { AgentId, InstanceId, MessageId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { agentRoom } from "../../shared/room.ts";
import type { Sender } from "../../shared/sender.ts";
import { type AgentRecord, holds } from "../agents/agent-record.ts";
import type { Agents } from "../agents/agents.ts";
import type { LocalAgent, LocalAgents } from "../agents/local-agents.ts";
import type { Clock } from "../clock.ts";
import type { AgentAnswers } from "../conversations/agent-answers.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { stamp } from "../publish/stamp.ts";
import { senderOf } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import type { Courier } from "./courier.ts";
import { type DispatchRecord, withoutAbsent } from "./dispatch-record.ts";
import type { Dispatches } from "./dispatches.ts";
import { type Dispatching, notFound } from "./dispatching.ts";
import type { Leases } from "./leases.ts";
import type { Placement } from "./placement.ts";

export interface AgentDeskDeps {
  agents: Agents;
  locals: LocalAgents;
  dispatches: Dispatches;
  dispatching: Dispatching;
  placement: Placement;
  courier: Courier;
  leases: Leases;
  answers: AgentAnswers;
  broadcast: Broadcast;
  clock: Clock;
  instanceId: InstanceId;
  leaseMs: number;
  heartbeatIntervalMs: number;
  failed(error: unknown): void;
}

type Payload<Name extends "register" | "heartbeat" | "progress" | "response"> = CommandPayload<"/agents", Name>;
type Reply<Name extends "register" | "heartbeat" | "progress" | "response"> = CommandData<"/agents", Name>;

/** That an agent makes progress is written down at most so often. */
const noteEveryMs = 1_000;

/** What agents say, at the instance where they are connected. */
export class AgentDesk {
  readonly #deps: AgentDeskDeps;
  /** Those that have registered or are about to: once per connection. */
  readonly #registered = new WeakSet<Session>();

  constructor(deps: AgentDeskDeps) {
    this.#deps = deps;
  }

  /** Rejects with `conflict` for a connection that has registered, and for an agent that is another user's. */
  async register(session: Session, payload: Payload<"register">): Promise<Reply<"register">> {
    if (this.#registered.has(session)) throw new Rejection("conflict", "This connection has registered already.");
    this.#registered.add(session);
    try {
      return await this.#register(session, payload);
    } catch (error) {
      this.#registered.delete(session);
      throw error;
    }
  }

  /** The agent that registered over the connection. Rejects with `conflict` if none has. */
  agentOf(session: Session): LocalAgent {
    const local = this.#deps.locals.of(session);
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
    // An agent that names none has all that it was given.
    const named: readonly Attempt[] = dispatches ?? record.inFlight;
    const ours = named.filter(({ messageId, attempt }) => holds(record, messageId, attempt));
    await this.#renew(local, ours);
    const cancel = named.filter((attempt) => !ours.includes(attempt)).map(({ messageId }) => messageId);
    for (const messageId of cancel) this.#over(local, messageId);
    return { agentId, ...(dispatches && { dispatches }), cancel: [...new Set(cancel)] };
  }

  /** Rejects with `not_found` for an attempt that was never this agent's. */
  async progress(session: Session, payload: Payload<"progress">): Promise<Reply<"progress">> {
    const local = this.agentOf(session);
    const { messageId, attempt, ...progress } = payload;
    const { agentId } = local;
    const { leaseMs, dispatching, answers, clock } = this.#deps;
    const input = { type: "progressed", agentId, attempt, leaseMs } as const;
    const stepped = await dispatching.step(messageId, input, withoutAbsent(progress));
    if (clock.now() - local.progressNotedAt >= noteEveryMs) {
      local.progressNotedAt = clock.now();
      this.#note(local, (now) => ({ progressAt: now })).catch(this.#deps.failed);
    }
    if ("refused" in stepped) {
      assertOwn(stepped.record, local, messageId, attempt);
      this.#over(local, messageId);
      return { cancel: true };
    }
    const { work } = stepped.record;
    if (work.sessionId && progress.delta !== undefined) {
      const answer = { conversationId: work.sessionId, messageId, attempt, since: work.createdAt };
      await answers.write(answer, this.senderOf(local), progress.delta);
    }
    return { cancel: false };
  }

  /** Rejects with `not_found` for an attempt that was never this agent's. */
  async response(session: Session, payload: Payload<"response">): Promise<Reply<"response">> {
    const local = this.agentOf(session);
    const { messageId, attempt, ...outcome } = payload;
    const { agentId } = local;
    const { dispatching, answers } = this.#deps;
    if (local.told.get(messageId)?.attempt === attempt) await answers.release(messageId);
    const input = { type: "responded", agentId, attempt, outcome: withoutAbsent(outcome) } as const;
    const stepped = await dispatching.step(messageId, input);
    if ("refused" in stepped) assertOwn(stepped.record, local, messageId, attempt);
    this.#over(local, messageId, attempt);
    return { accepted: !("refused" in stepped) };
  }

  /** Nothing was heard of an agent for its lease: it is gone, and so is what it had. */
  async due(agentId: AgentId): Promise<void> {
    const { agents, leases, leaseMs, clock, courier, broadcast, dispatching } = this.#deps;
    const found = await agents.get(agentId);
    if (!found) return leases.clear("agents", agentId);
    const left = found.value.lastSeen + leaseMs - clock.now();
    if (left > 0) return leases.set("agents", [{ id: agentId, inMs: left }]);

    const lost = await agents.change(agentId, (before) => {
      if (before?.status !== "connected" || before.lastSeen + leaseMs > clock.now()) return undefined;
      const { lastSeen } = before;
      const told = { room: agentRoom(agentId), sender: null };
      const reason = "heartbeat_lost";
      const events = [
        stamp(clock, agentHeartbeatLost, {
          ...told,
          data: { agentId, lastSeen: new Date(lastSeen).toISOString() },
        }),
        stamp(clock, agentDisconnected, { ...told, data: { agentId, reason } }),
      ];
      return { record: gone(before, reason, "no heartbeat"), events };
    });
    const { value: now } = lost ? { value: lost } : ((await agents.get(agentId)) ?? found);
    if (now.status === "connected") return;
    if (lost) broadcast.send({ kind: "agent", agentId });
    await courier.look(agentId);
    const error = "its agent is gone";
    for (const { messageId, attempt } of now.inFlight) {
      await dispatching.step(messageId, { type: "attempt_lost", agentId, attempt, error });
    }
    await leases.clear("agents", agentId);
  }

  async #register(session: Session, payload: Payload<"register">): Promise<Reply<"register">> {
    const { agents, locals, leases, leaseMs, heartbeatIntervalMs, failed } = this.#deps;
    const { agentId } = payload;
    const { userId, name } = session.principal;
    await leases.set("agents", [{ id: agentId, inMs: leaseMs }]);
    const record = await agents.change(agentId, (before) => {
      if (before && before.userId !== userId) {
        throw new Rejection("conflict", `There is an agent ${agentId}, and it is somebody else's.`);
      }
      return this.#connected(session, payload, before, name);
    });
    if (!record) throw new Rejection("conflict", `Agent ${agentId} could not be registered.`);

    const other = locals.get(agentId);
    const { capabilities } = payload;
    const local: LocalAgent = { agentId, session, capabilities, told: new Map(), progressNotedAt: 0, isReady: false };
    locals.add(local);
    session.onClose(() => this.#left(local));
    if (other) other.session.close("replaced");
    const { resume, cancel } = await this.#resume(local, record, payload.inFlight);
    // What it was given while it was away, and what waits for it, comes after the reply.
    setImmediate(() => this.#catchUp(local).catch(failed));
    return { agentId, leaseMs, heartbeatIntervalMs, resume, cancel };
  }

  async #catchUp(local: LocalAgent): Promise<void> {
    const { agentId } = local;
    local.isReady = true;
    // Whoever has the connection that this one replaces hears of it.
    this.#deps.broadcast.send({ kind: "agent", agentId });
    await this.#deps.courier.look(agentId);
    await this.#deps.placement.fill(agentId);
  }

  #connected(session: Session, payload: Payload<"register">, before: AgentRecord | undefined, name: string | null) {
    const { clock, instanceId } = this.#deps;
    const { inFlight: _, ...said } = payload;
    const { agentId, concurrency, ...about } = withoutAbsent(said);
    const { connectionId, principal } = session;
    const now = clock.now();
    const told = { room: agentRoom(agentId), sender: null };
    const events = [stamp(clock, agentConnected, { ...told, data: { agentId, ...about } })];
    if (before?.status === "connected" && before.connectionId !== connectionId) {
      events.unshift(stamp(clock, agentDisconnected, { ...told, data: { agentId, reason: "replaced" } }));
    }
    const record = {
      agentId,
      ...about,
      concurrency,
      userId: principal.userId,
      name,
      status: "connected" as const,
      instanceId,
      connectionId,
      connectedAt: now,
      lastSeen: now,
      inFlight: before?.inFlight ?? [],
      ...(before?.progressAt !== undefined && { progressAt: before.progressAt }),
    };
    return { record, events };
  }

  /** Sees to what the agent had in flight when it was cut off. */
  async #resume(local: LocalAgent, record: AgentRecord, inFlight: readonly Attempt[] | undefined) {
    const { dispatches, dispatching, leaseMs } = this.#deps;
    const { agentId } = local;
    const found = await dispatches.getMany(record.inFlight.map(({ messageId }) => messageId));
    const resume: Attempt[] = [];
    for (const [index, { messageId, attempt }] of record.inFlight.entries()) {
      const dispatch = found[index];
      if (!dispatch) continue;
      // One that does not say goes on with everything that it has accepted.
      const isKnown = inFlight
        ? inFlight.some((known) => known.messageId === messageId && known.attempt === attempt)
        : dispatch.state.status === "running";
      if (isKnown) {
        local.told.set(messageId, { attempt, deadline: dispatch.work.deadline, isOver: false });
        const stepped = await dispatching.step(messageId, { type: "resumed", agentId, attempt, leaseMs });
        if ("refused" in stepped) this.#over(local, messageId);
        else resume.push({ messageId, attempt });
      } else if (dispatch.state.status === "running") {
        const error = "its agent came back without it";
        await dispatching.step(messageId, { type: "attempt_lost", agentId, attempt, error });
      }
    }
    const stale = (inFlight ?? []).filter(({ messageId }) => !resume.some((kept) => kept.messageId === messageId));
    return { resume, cancel: stale.map(({ messageId }) => messageId) };
  }

  async #left(local: LocalAgent): Promise<void> {
    const { agents, locals, clock, answers } = this.#deps;
    const { agentId, session, told } = local;
    locals.remove(local);
    const reason = session.endedBy ?? "disconnected";
    for (const messageId of told.keys()) await answers.release(messageId).catch(this.#deps.failed);
    await agents.change(agentId, (before) => {
      if (before?.status !== "connected" || before.connectionId !== session.connectionId) return undefined;
      const data = { agentId, reason };
      const events = [stamp(clock, agentDisconnected, { room: agentRoom(agentId), sender: null, data })];
      return { record: gone(before, "disconnected", reason), events };
    });
  }

  /** Writes down that the agent is there. */
  async #note(local: LocalAgent, sign: (now: number) => Partial<AgentRecord>): Promise<AgentRecord> {
    const { agents, leases, leaseMs, clock } = this.#deps;
    const { agentId, session } = local;
    const record = await agents.change(agentId, (before) => {
      if (before?.connectionId !== session.connectionId || before.status !== "connected") return undefined;
      const now = clock.now();
      return { record: { ...before, lastSeen: now, ...sign(now) }, events: [] };
    });
    if (!record)
      throw new Rejection("conflict", `Agent ${agentId} is registered elsewhere, or was given up. Reconnect.`);
    await leases.set("agents", [{ id: agentId, inMs: leaseMs }]);
    return record;
  }

  async #renew({ told }: LocalAgent, attempts: readonly Attempt[]): Promise<void> {
    const { leases, leaseMs, clock } = this.#deps;
    const now = clock.now();
    const renewed = attempts.flatMap(({ messageId }) => {
      const known = told.get(messageId);
      return known ? [{ id: messageId, inMs: Math.min(leaseMs, known.deadline - now) }] : [];
    });
    await leases.set("dispatches", renewed);
  }

  /** The agent knows by the reply that it is to drop it, or it has said so itself. */
  #over({ told }: LocalAgent, messageId: MessageId, attempt?: number): void {
    const known = told.get(messageId);
    if (known && (attempt === undefined || known.attempt === attempt)) known.isOver = true;
  }
}

function gone(before: AgentRecord, status: "disconnected" | "heartbeat_lost", goneBecause: string): AgentRecord {
  const { instanceId: _instance, connectionId: _connection, heartbeatAt: _heartbeat, ...record } = before;
  return { ...record, status, goneBecause };
}

/** An attempt that is over is answered as such, to who had it; to others there is none. */
function assertOwn(
  record: DispatchRecord | undefined,
  { agentId }: LocalAgent,
  messageId: MessageId,
  attempt: number,
): void {
  if (record?.agents[attempt - 1] !== agentId) throw notFound(messageId);
}
