import { z } from "zod";
import { CheckpointId, TaskId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

/** Fields that the checkpoint's author chooses. */
export const checkpointFields = {
  label: z.string().min(1).max(limits.titleLength).optional(),
  state: JsonObject.optional().describe("What the work needs in order to go on from here."),
};

export const Checkpoint = z
  .strictObject({
    checkpointId: CheckpointId,
    taskId: TaskId,
    ...checkpointFields,
    createdAt: Timestamp,
  })
  .meta({ id: "Checkpoint", description: "A place in a task from which the task can be resumed." });
export type Checkpoint = z.infer<typeof Checkpoint>;
