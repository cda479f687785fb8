import type { TaskStatus } from "../../shared/entities/task.ts";

/**
 * What a task of each status may become. What is done can be taken up again, but neither called off nor blocked; what
 * was called off has to be put back first.
 */
export const nextStatuses: { readonly [Status in TaskStatus]: readonly TaskStatus[] } = {
  pending: ["in_progress", "blocked", "completed", "cancelled"],
  in_progress: ["pending", "blocked", "completed", "cancelled"],
  blocked: ["pending", "in_progress", "completed", "cancelled"],
  completed: ["pending", "in_progress"],
  cancelled: ["pending"],
};

/** A status that stays as it is is no change, and always possible. */
export function mayBecome(from: TaskStatus, to: TaskStatus): boolean {
  return from === to || nextStatuses[from].includes(to);
}

/** Nothing more is done about it, unless somebody takes it up again. */
export function isFinished(status: TaskStatus): boolean {
  return status === "completed" || status === "cancelled";
}
