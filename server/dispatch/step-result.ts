import type { DispatchEffect } from "./dispatch-machine.ts";
import type { DispatchRecord } from "./dispatch-record.ts";
import type { PlanRefusal } from "./step-plan.ts";

/** A dispatch after a committed step, and the effects of the step. */
export interface StepResult {
  record: DispatchRecord;
  effects: DispatchEffect[];
}

/** Why a step was refused: a reason of the machine, `full`, or `unknown` if the dispatch does not exist. */
export interface StepRejected {
  refused: PlanRefusal | "unknown";
  record?: DispatchRecord;
}
