import { z } from "zod";
import { Task, taskFields } from "../entities/task.ts";
import { StreamId, TaskId } from "../ids.ts";
import { listOf } from "./list.ts";
import { listQueryFields } from "./query.ts";

/** `POST /api/tasks` */
export const CreateTaskBody = z.strictObject({
  id: TaskId.optional(),
  ...taskFields,
  status: taskFields.status.default("pending"),
});
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
  .refine((changes) => Object.keys(changes).length > 0, "must change something");
export type UpdateTaskBody = z.infer<typeof UpdateTaskBody>;

/** `GET /api/tasks` */
export const TasksQuery = z.strictObject({ streamId: StreamId.optional(), ...listQueryFields });

export const TaskList = listOf(Task);
export type TaskList = z.infer<typeof TaskList>;
