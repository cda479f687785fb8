import { type AgentRecord, hasRoom, holds, without } from "./agents/agent-record.ts";
import {
  type DispatchEffect,
  type DispatchInput,
  type DispatchRefusal,
  type DispatchState,
  dispatchStep,
} from "./dispatch-machine.ts";
import { answerStatusOf, type DispatchRecord, taskAfter } from "./dispatch-record.ts";

/** A step as it is to be written. */
export interface Plan {
  record: DispatchRecord;
  effects: DispatchEffect[];
  /** Its agent afterwards, where the step changes that. */
  agent: AgentRecord | undefined;
}

/** `full`: the agent has no room, or is not connected. */
export type PlanRefusal = DispatchRefusal | "full";

export interface StepContext {
  /** Name of the step. */
  writeId: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** What follows from an input for the records of a dispatch and its agent. Changes nothing itself. */
export function planStep(
  before: DispatchRecord,
  input: DispatchInput,
  agent: AgentRecord | undefined,
  { writeId: mark, now }: StepContext,
): Plan | { refused: PlanRefusal } {
  const step = dispatchStep(before.state, input, before.work, now);
  if ("refused" in step) return step;
  const { state, effects } = step;
  const isTaken = input.type === "assigned";
  if (isTaken && !(agent && hasRoom(agent))) return { refused: "full" };
  const agents = isTaken ? [...before.agents, input.agentId] : before.agents;
  const record: DispatchRecord = { ...before, state, updatedAt: now, agents, writeId: mark };
  record.pending = owedAfter(record, effects, agent);
  return { record, effects, agent: agent && agentAfter(record, effects, agent, { writeId: mark, now }) };
}

/** Whom a step may take something from or give it to. */
export const agentOf = (input: DispatchInput, state: DispatchState) =>
  "agentId" in input ? input.agentId : "agentId" in state ? state.agentId : undefined;

/** What an agent says of its work leaves its own record as it is. */
export const changesAgent = ({ type }: DispatchInput) =>
  type !== "accepted" && type !== "progressed" && type !== "resumed";

function agentAfter(
  { work: { messageId } }: DispatchRecord,
  effects: readonly DispatchEffect[],
  before: AgentRecord,
  { writeId: mark, now }: StepContext,
): AgentRecord | undefined {
  for (const effect of effects) {
    if (effect.type === "taken") {
      const inFlight = [...before.inFlight, { messageId, attempt: effect.attempt, since: now }];
      return { ...before, inFlight, mark };
    }
    if (effect.type === "attempt_ended" && holds(before, messageId, effect.attempt)) {
      const signs = effect.status === "completed" ? { progressAt: now, lastSeen: now } : {};
      return { ...without(before, messageId, effect.attempt), ...signs, mark };
    }
  }
  return undefined;
}

/** What the task and the conversation have to be told now, with what they had to be told before. */
function owedAfter(
  { work, pending: owed, agents }: DispatchRecord,
  effects: readonly DispatchEffect[],
  agent: AgentRecord | undefined,
): DispatchRecord["pending"] {
  let after = owed;
  for (const effect of effects) {
    if (effect.type === "accepted" && work.taskId) after = { ...after, task: { status: "in_progress" } };
    if (effect.type !== "ended") continue;
    if (work.taskId) after = { ...after, task: taskAfter(effect.status, effect.outcome.error) };
    if (!work.sessionId) continue;
    const agentId = agents.at(-1);
    const sender = agentId && agent ? { userId: agent.userId, name: agent.name, agentId } : null;
    after = { ...after, answer: { status: answerStatusOf(effect.status), sender } };
  }
  return after;
}
