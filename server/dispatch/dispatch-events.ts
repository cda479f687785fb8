import type { Envelope } from "../../shared/envelope.ts";
import { agentError, agentProgress, agentResponse, taskDispatched } from "../../shared/events/agent-events.ts";
import type { Progress } from "../../shared/entities/dispatch.ts";
import { agentRoom } from "../../shared/room.ts";
import type { Clock } from "../clock.ts";
import { stamp } from "../publish/stamp.ts";
import type { DispatchEffect } from "./dispatch-machine.ts";
import { type DispatchRecord, toMessage, withoutAbsent } from "./dispatch-record.ts";

/** What is told in the room of the agent, as a part of the step itself. */
export function eventsOf(
  clock: Clock,
  record: DispatchRecord,
  effects: readonly DispatchEffect[],
  progress: Progress | undefined,
): Envelope[] {
  const { messageId } = record.work;
  return effects.flatMap((effect) => {
    if (effect.type === "waits" || effect.type === "ended" || effect.type === "taken") return [];
    const { agentId, attempt } = effect;
    const told = { room: agentRoom(agentId), sender: null, correlationId: messageId };
    const attemptFields = { agentId, messageId, attempt };
    switch (effect.type) {
      case "accepted": {
        const message = { ...toMessage(record), ...attemptFields };
        return stamp(clock, taskDispatched, { ...told, data: message });
      }
      case "progressed":
        return progress ? stamp(clock, agentProgress, { ...told, data: { ...attemptFields, ...progress } }) : [];
      case "attempt_ended": {
        const { status, outcome } = effect;
        const { content, usage, error } = withoutAbsent(outcome);
        const result = { ...attemptFields, ...withoutAbsent({ content, usage }) };
        if (status === "completed") return stamp(clock, agentResponse, { ...told, data: result });
        return stamp(clock, agentError, { ...told, data: { ...result, status, error: error ?? status } });
      }
    }
  });
}
