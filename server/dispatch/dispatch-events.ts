import type { Progress } from "../../shared/entities/dispatch.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { agentError, agentProgress, agentResponse, taskDispatched } from "../../shared/events/agent-events.ts";
import { agentRoom } from "../../shared/room.ts";
import { stamp } from "../publish/stamp.ts";
import type { Clock } from "../runtime/clock.ts";
import type { DispatchEffect } from "./dispatch-machine.ts";
import { type DispatchRecord, toMessage, withoutAbsent } from "./dispatch-record.ts";

/** The events in the room of the agent; they are a part of the step's transaction. */
export function eventsOf(
  clock: Clock,
  record: DispatchRecord,
  effects: readonly DispatchEffect[],
  progress: Progress | undefined,
): Envelope[] {
  return effects.flatMap((effect) => eventOf(clock, record, effect, progress) ?? []);
}

function eventOf(
  clock: Clock,
  record: DispatchRecord,
  effect: DispatchEffect,
  progress: Progress | undefined,
): Envelope | undefined {
  if (effect.type === "requeued" || effect.type === "ended" || effect.type === "assigned") return undefined;
  const { messageId } = record.work;
  const { agentId, attempt } = effect;
  const attemptFields = { agentId, messageId, attempt };
  const header = { room: agentRoom(agentId), sender: null, correlationId: messageId };
  if (effect.type === "accepted") {
    return stamp(clock, taskDispatched, { ...header, data: { ...toMessage(record), ...attemptFields } });
  }
  if (effect.type === "progressed") {
    return progress && stamp(clock, agentProgress, { ...header, data: { ...attemptFields, ...progress } });
  }
  const { status, outcome } = effect;
  const { content, usage, error } = withoutAbsent(outcome);
  const result = { ...attemptFields, ...withoutAbsent({ content, usage }) };
  if (status === "completed") return stamp(clock, agentResponse, { ...header, data: result });
  return stamp(clock, agentError, { ...header, data: { ...result, status, error: error ?? status } });
}
