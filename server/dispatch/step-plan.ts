import { type AgentRecord, hasCapacity, holds, without } from "./agents/agent-record.ts";
import {
  type DispatchEffect,
  type DispatchInput,
  type DispatchRefusal,
  type DispatchState,
  dispatchStep,
} from "./dispatch-machine.ts";
import { type DispatchRecord, responseStatusOf, taskAfter } from "./dispatch-record.ts";

/** A step before it is written. */
export interface Plan {
  record: DispatchRecord;
  effects: DispatchEffect[];
  /** The changed record of its agent, if the step changes it. */
  agent: AgentRecord | undefined;
}

/** `full`: the agent has no capacity, or is not connected. */
export type PlanRefusal = DispatchRefusal | "full";

interface StepContext {
  /** See `DispatchRecord.writeId`. */
  writeId: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** The records of a dispatch and its agent after an input. Pure. */
export function planStep(
  before: DispatchRecord,
  input: DispatchInput,
  agent: AgentRecord | undefined,
  { writeId, now }: StepContext,
): Plan | { refused: PlanRefusal } {
  const step = dispatchStep(before.state, input, before.work, now);
  if ("refused" in step) return step;
  const { state, effects } = step;
  const isAssigned = input.type === "assigned";
  if (isAssigned && !(agent && hasCapacity(agent))) return { refused: "full" };
  const agents = isAssigned ? [...before.agents, input.agentId] : before.agents;
  const record: DispatchRecord = { ...before, state, updatedAt: now, agents, writeId };
  record.pending = pendingAfter(record, effects, agent);
  return { record, effects, agent: agent && agentAfter(record, effects, agent, { writeId, now }) };
}

/** The agent whose record a step may change. */
export const agentOf = (input: DispatchInput, state: DispatchState) =>
  "agentId" in input ? input.agentId : "agentId" in state ? state.agentId : undefined;

/** An acceptance or progress leaves the record of the agent unchanged. */
export const changesAgent = ({ type }: DispatchInput) =>
  type !== "accepted" && type !== "progressed" && type !== "resumed";

function agentAfter(
  { work: { messageId } }: DispatchRecord,
  effects: readonly DispatchEffect[],
  before: AgentRecord,
  { writeId, now }: StepContext,
): AgentRecord | undefined {
  for (const effect of effects) {
    if (effect.type === "assigned") {
      const inFlight = [...before.inFlight, { messageId, attempt: effect.attempt, since: now }];
      return { ...before, inFlight, writeId };
    }
    if (effect.type === "attempt_ended" && holds(before, messageId, effect.attempt)) {
      const signs = effect.status === "completed" ? { progressAt: now, lastSeen: now } : {};
      return { ...without(before, messageId, effect.attempt), ...signs, writeId };
    }
  }
  return undefined;
}

/** The effects on the task and the conversation that are pending after the step, those from before included. */
function pendingAfter(
  { work, pending, agents }: DispatchRecord,
  effects: readonly DispatchEffect[],
  agent: AgentRecord | undefined,
): DispatchRecord["pending"] {
  let after = pending;
  for (const effect of effects) {
    if (effect.type === "accepted" && work.taskId) after = { ...after, task: { status: "in_progress" } };
    if (effect.type !== "ended") continue;
    if (work.taskId) after = { ...after, task: taskAfter(effect.status, effect.outcome.error) };
    if (!work.sessionId) continue;
    const agentId = agents.at(-1);
    const sender = agentId && agent ? { userId: agent.userId, name: agent.name, agentId } : null;
    after = { ...after, response: { status: responseStatusOf(effect.status), sender } };
  }
  return after;
}
