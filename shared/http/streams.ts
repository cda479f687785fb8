import type { z } from "zod";
import { StreamProgress, TaskStream } from "../entities/task-stream.ts";
import { listOf } from "./list.ts";

/** `POST /api/streams` */
export const CreateStreamBody = TaskStream.partial({ id: true });
export type CreateStreamBody = z.infer<typeof CreateStreamBody>;

export const StreamWithProgress = TaskStream.extend({ progress: StreamProgress }).meta({
  id: "StreamWithProgress",
  description: "A stream of tasks, and how far it is.",
});
export type StreamWithProgress = z.infer<typeof StreamWithProgress>;

export const StreamList = listOf(StreamWithProgress);
export type StreamList = z.infer<typeof StreamList>;
