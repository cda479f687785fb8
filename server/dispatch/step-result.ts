import type { DispatchEffect } from "./dispatch-machine.ts";
import type { DispatchRecord } from "./dispatch-record.ts";
import type { PlanRefusal } from "./step-plan.ts";

/** What has become of a dispatch by one step. */
export interface StepResult {
  record: DispatchRecord;
  effects: DispatchEffect[];
}

/** Why a step was not made: the machine's reason, or `unknown`: there is no such dispatch; `full`: nor room at the agent. */
export interface StepRejected {
  refused: PlanRefusal | "unknown";
  record?: DispatchRecord;
}
