import { z } from "zod";
import { StreamId, TaskId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";

export const TaskStatus = z
  .enum(["pending", "in_progress", "blocked", "completed", "cancelled"])
  .meta({ id: "TaskStatus", description: "The status of a task." });
export type TaskStatus = z.infer<typeof TaskStatus>;

export const BlockedReason = z.string().min(1).max(limits.reasonLength);

/** Fields that a task's author chooses. */
export const taskFields = {
  title: z.string().min(1).max(limits.titleLength),
  streamId: StreamId.describe("The stream in which the task counts.").optional(),
  status: TaskStatus,
  blockedReason: BlockedReason.describe("For people; only with the status `blocked`.").optional(),
  metadata: JsonObject.optional(),
};

export const Task = z
  .strictObject({ id: TaskId, ...taskFields })
  .meta({ id: "Task", description: "A piece of work that people follow. Every change is an event in `task:{id}`." });
export type Task = z.infer<typeof Task>;
