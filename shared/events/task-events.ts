import { z } from "zod";
import { BlockedReason, Task, TaskStatus } from "../entities/task.ts";
import { StreamProgress } from "../entities/task-stream.ts";
import { EventType } from "../event-type.ts";
import { StreamId, TaskId } from "../ids.ts";
import { limits } from "../limits.ts";
import { defineEvent } from "./define-event.ts";

export const taskCreated = defineEvent({
  type: EventType.TaskCreated,
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task,
});

/** The task as it is now, and the names of the fields that changed. */
export const taskUpdated = defineEvent({
  type: EventType.TaskUpdated,
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task.extend({ changes: z.array(z.string().min(1).max(limits.nameLength)).max(20) }),
});

export const taskStatusChanged = defineEvent({
  type: EventType.TaskStatusChanged,
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
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task,
});

export const taskCompleted = defineEvent({
  type: EventType.TaskCompleted,
  rooms: ["task"],
  durable: true,
  publishers: ["service"],
  data: Task,
});

/** A task of the stream has changed what the stream's progress is. */
export const streamProgress = defineEvent({
  type: EventType.StreamProgress,
  rooms: ["stream"],
  durable: true,
  publishers: ["service"],
  data: StreamProgress,
});

export const streamCompleted = defineEvent({
  type: EventType.StreamCompleted,
  rooms: ["stream"],
  durable: true,
  publishers: ["service"],
  data: StreamProgress,
});

export const streamBlocked = defineEvent({
  type: EventType.StreamBlocked,
  rooms: ["stream"],
  durable: true,
  publishers: ["service"],
  data: StreamProgress.extend({ blockedTasks: z.array(TaskId).max(limits.blockedTasks) }),
});
