import type { DispatchEffect } from "./dispatch-machine.ts";
import type { DispatchRecord } from "./dispatch-record.ts";
import type { PlanRefusal } from "./step-plan.ts";

/** A dispatch after a step, and what follows from it. */
export interface StepResult {
  record: DispatchRecord;
  effects: DispatchEffect[];
}

/** Why a step was not made: a reason of the machine, `full`, or `unknown`: there is no such dispatch. */
export interface StepRejected {
  refused: PlanRefusal | "unknown";
  record?: DispatchRecord;
}
