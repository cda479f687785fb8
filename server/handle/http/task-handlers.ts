import { senderOf } from "../../session/principal.ts";
import type { Checkpoints } from "../../tasks/checkpoints.ts";
import type { Streams } from "../../tasks/streams.ts";
import type { Tasks } from "../../tasks/tasks.ts";
import type { Handlers } from "../handler.ts";

interface TaskHandlersDeps {
  tasks: Tasks;
  streams: Streams;
  checkpoints: Checkpoints;
}

/** SPEC TASK-1 to TASK-8, PROGRESS-1 to PROGRESS-7, CHECKPOINT-1 to CHECKPOINT-4. */
export function createTaskHandlers({ tasks, streams, checkpoints }: TaskHandlersDeps) {
  return {
    create_task: (task, { principal }) => tasks.create(task, senderOf(principal)),
    update_task: ({ taskId, changes }, { principal }) => tasks.update(taskId, changes, senderOf(principal)),
    get_task: ({ taskId }) => tasks.get(taskId),
    list_tasks: ({ streamId, limit, cursor }) => tasks.list(streamId, limit, cursor),

    create_stream: (stream, { principal }) => streams.create(stream, senderOf(principal)),
    get_stream: ({ streamId }) => streams.get(streamId),
    list_streams: ({ limit, cursor }) => streams.list(limit, cursor),

    create_checkpoint: ({ taskId, ...checkpoint }, { principal }) =>
      checkpoints.create(taskId, checkpoint, senderOf(principal)),
    list_checkpoints: ({ taskId, limit, cursor }) => checkpoints.list(taskId, limit, cursor),
    resume_checkpoint: ({ taskId, checkpointId }, { principal }) =>
      checkpoints.resume(taskId, checkpointId, senderOf(principal)),
  } satisfies Partial<Handlers<"http">>;
}
