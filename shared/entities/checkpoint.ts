import { z } from "zod";
import { CheckpointId, TaskId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

/** Fields that the checkpoint's author chooses. */
export const checkpointFields = {
  label: z.string().min(1).max(limits.titleLength).optional(),
  /** What the work needs in order to go on from here. */
  state: JsonObject.optional(),
};

/** A place in a task from which it can be resumed. */
export const Checkpoint = z.strictObject({
  checkpointId: CheckpointId,
  taskId: TaskId,
  ...checkpointFields,
  createdAt: Timestamp,
});
export type Checkpoint = z.infer<typeof Checkpoint>;
