import { z } from "zod";
import { StreamId, TaskId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";

export const TaskStatus = z.enum(["pending", "in_progress", "blocked", "completed", "cancelled"]);
export type TaskStatus = z.infer<typeof TaskStatus>;

/** Why a task is blocked, in words. */
export const BlockedReason = z.string().min(1).max(limits.reasonLength);

/** Fields that a task's author chooses. */
export const taskFields = {
  title: z.string().min(1).max(limits.titleLength),
  /** The stream it counts in. */
  streamId: StreamId.optional(),
  status: TaskStatus,
  blockedReason: BlockedReason.optional(),
  metadata: JsonObject.optional(),
};

/** A piece of work that people follow. Every change to it is an event in `task:{id}`. */
export const Task = z.strictObject({ id: TaskId, ...taskFields });
export type Task = z.infer<typeof Task>;
