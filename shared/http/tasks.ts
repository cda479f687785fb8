import { z } from "zod";
import { Task, type TaskStatus, taskFields } from "../entities/task.ts";
import { StreamId, TaskId } from "../ids.ts";
import { listOf } from "./list.ts";
import { listQueryFields } from "./query.ts";

/** What is not blocked has no reason for it. Where no status is given, that of the task decides. */
const reasonOfBlock = {
  allows: ({ status = "blocked", blockedReason }: { status?: TaskStatus | undefined; blockedReason?: unknown }) =>
    status === "blocked" || typeof blockedReason !== "string",
  or: { path: ["blockedReason"], message: "is for the status blocked alone" },
};

/** `POST /api/tasks` */
export const CreateTaskBody = z
  .strictObject({
    id: TaskId.optional(),
    ...taskFields,
    status: taskFields.status.default("pending"),
  })
  .refine(reasonOfBlock.allows, reasonOfBlock.or);
export type CreateTaskBody = z.infer<typeof CreateTaskBody>;

/** `PATCH /api/tasks/:id`: `null` removes a field. */
export const UpdateTaskBody = z
  .strictObject({
    title: taskFields.title.optional(),
    streamId: taskFields.streamId.nullable(),
    status: taskFields.status.optional(),
    blockedReason: taskFields.blockedReason.nullable(),
    metadata: taskFields.metadata.nullable(),
  })
  .refine((changes) => Object.keys(changes).length > 0, "must change something")
  .refine(reasonOfBlock.allows, reasonOfBlock.or);
export type UpdateTaskBody = z.infer<typeof UpdateTaskBody>;

/** `GET /api/tasks` */
export const TasksQuery = z.strictObject({ streamId: StreamId.optional(), ...listQueryFields });

export const TaskList = listOf(Task);
export type TaskList = z.infer<typeof TaskList>;
