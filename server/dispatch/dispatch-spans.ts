import type { Attributes, Spans } from "../observe/spans.ts";
import type { StepResult } from "./step-result.ts";

const names = { assigned: "dispatch given", accepted: "dispatch accepted", attempt_ended: "dispatch attempt over" };

/**
 * The life of a dispatch in the trace of the request that created it, recorded by the instance that makes a step: a span
 * for each attempt that is assigned, accepted or ended, as long as the step took, and one for the whole when it has ended.
 */
export function createDispatchSpans(spans: Pick<Spans, "start">): (stepped: StepResult, startedAt: number) => void {
  return ({ record: { work, state, trace: parent }, effects }, startedAt) => {
    const record = (name: string, since: number, attributes: Attributes, failure?: string) => {
      const header = { "signalbox.dispatch": work.messageId, ...attributes };
      spans.start(name, { parent, startedAt: since, attributes: header }).end(failure);
    };
    for (const effect of effects) {
      if (effect.type === "assigned" || effect.type === "accepted" || effect.type === "attempt_ended") {
        const { agentId, attempt } = effect;
        record(names[effect.type], startedAt, { "signalbox.agent": agentId, "signalbox.attempt": attempt });
      }
      if (effect.type !== "ended") continue;
      const failure = effect.status === "completed" ? undefined : effect.status;
      record("dispatch", work.createdAt, { "signalbox.attempts": state.attempt }, failure);
    }
  };
}
