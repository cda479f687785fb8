import { z } from "zod";
import { Checkpoint, checkpointFields } from "../entities/checkpoint.ts";
import { CheckpointId } from "../ids.ts";
import { listOf } from "./list.ts";

/** `POST /api/tasks/:id/checkpoints` */
export const CreateCheckpointBody = z.strictObject({ checkpointId: CheckpointId.optional(), ...checkpointFields });
export type CreateCheckpointBody = z.infer<typeof CreateCheckpointBody>;

export const CheckpointList = listOf(Checkpoint);
export type CheckpointList = z.infer<typeof CheckpointList>;
