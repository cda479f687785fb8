import { z } from "zod";
import { StreamId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

const StreamName = z.string().min(1).max(limits.nameLength);

/** Tasks that are followed together. */
export const TaskStream = z.strictObject({ id: StreamId, name: StreamName });
export type TaskStream = z.infer<typeof TaskStream>;

export const StreamProgress = z
  .strictObject({
    streamId: StreamId,
    streamName: StreamName,
    totalTasks: z.int().min(0),
    completedTasks: z.int().min(0),
    progressPercentage: z.number().min(0).max(100).describe("Rounded down to hundredths, so that 100 means all."),
    lastUpdated: Timestamp.describe("Never goes back."),
  })
  .meta({ id: "StreamProgress", description: "How far a stream of tasks is. Cancelled tasks do not count." });
export type StreamProgress = z.infer<typeof StreamProgress>;
