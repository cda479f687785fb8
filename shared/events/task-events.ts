import { z } from "zod";
import { BlockedReason, Task, TaskStatus } from "../entities/task.ts";
import { StreamProgress } from "../entities/task-stream.ts";
import { EventType } from "../event-type.ts";
import { StreamId, TaskId } from "../ids.ts";
import { limits } from "../limits.ts";
import { defineEvent } from "./define-event.ts";

export const taskCreated = defineEvent({
  type: EventType.TaskCreated,
  description: "A task was created.",
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task,
});

export const taskUpdated = defineEvent({
  type: EventType.TaskUpdated,
  description: "A task was changed. `changes` names the fields that differ.",
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task.extend({ changes: z.array(z.string().min(1).max(limits.nameLength)).max(20) }),
});

export const taskStatusChanged = defineEvent({
  type: EventType.TaskStatusChanged,
  description: "The status of a task has changed.",
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: z.strictObject({
    taskId: TaskId,
    streamId: StreamId.optional(),
    oldStatus: TaskStatus,
    newStatus: TaskStatus,
    blockedReason: BlockedReason.optional(),
  }),
});

export const taskBlocked = defineEvent({
  type: EventType.TaskBlocked,
  description: "A task has become blocked.",
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task,
});

export const taskCompleted = defineEvent({
  type: EventType.TaskCompleted,
  description: "A task has become completed.",
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task,
});

export const streamProgress = defineEvent({
  type: EventType.StreamProgress,
  description:
    "The number of tasks of a stream, or of those that are completed, has changed; or the stream was created.",
  rooms: ["stream"],
  durable: true,
  publishers: ["service"],
  data: StreamProgress,
});

export const streamCompleted = defineEvent({
  type: EventType.StreamCompleted,
  description: "All tasks of a stream are completed, and were not before.",
  rooms: ["stream"],
  durable: true,
  publishers: ["service"],
  data: StreamProgress,
});

export const streamBlocked = defineEvent({
  type: EventType.StreamBlocked,
  description: "A task of a stream is blocked, and none was before.",
  rooms: ["stream"],
  durable: true,
  publishers: ["service"],
  data: StreamProgress.extend({ blockedTasks: z.array(TaskId).max(limits.blockedTasks) }),
});
