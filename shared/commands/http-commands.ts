import { z } from "zod";
import { Checkpoint } from "../entities/checkpoint.ts";
import { Task } from "../entities/task.ts";
import { exactlyOne } from "../exactly-one.ts";
import { CreateCheckpointBody } from "../http/checkpoints.ts";
import {
  EventList,
  EventsAnswer,
  EventTypes,
  LoggedRoomName,
  MonitoringTopics,
  PublishAnswer,
} from "../http/events.ts";
import { NotificationBody } from "../http/notifications.ts";
import { RevocationAnswer, RevocationBody } from "../http/revocations.ts";
import { CreateStreamBody, StreamWithProgress } from "../http/streams.ts";
import { CreateTaskBody, UpdateTaskBody } from "../http/tasks.ts";
import { CheckpointId, StreamId, TaskId, UserId } from "../ids.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import type { Role } from "../role.ts";
import { userRoom } from "../room.ts";
import { defineCommand } from "./define-command.ts";
import { Cursor, EventLimit, ListLimit, PublishedReply } from "./fields.ts";

/** `POST /api/users/:id/notifications` */
export const notifyUser = defineCommand({
  name: "notify_user",
  roles: ["service"],
  payload: NotificationBody.extend({ userId: UserId }),
  reply: PublishedReply,
  room: ({ userId }) => userRoom(userId),
});

/** `POST /api/revocations` */
export const revoke = defineCommand({
  name: "revoke",
  roles: ["admin"],
  payload: RevocationBody,
  reply: RevocationAnswer,
});

/** `POST /api/events` */
export const publishEvents = defineCommand({
  name: "publish_events",
  roles: ["service"],
  payload: z.strictObject({ events: EventList }),
  reply: PublishAnswer,
});

/** `GET /api/events`, but for event streams. */
export const readEvents = defineCommand({
  name: "read_events",
  payload: z
    .strictObject({
      room: LoggedRoomName.optional(),
      topics: MonitoringTopics.optional(),
      types: EventTypes.optional(),
      after: Position.optional(),
      limit: EventLimit,
      /** Seconds. */
      wait: z.int().min(0).max(limits.waitSecondsMax).default(0),
    })
    .refine(exactlyOne("room", "topics"), "needs exactly one of room and topics"),
  reply: EventsAnswer,
});

/** Backends change tasks; people who watch or operate see them. */
const writers: readonly Role[] = ["service"];
const readers: readonly Role[] = ["service", "monitor", "admin"];

const pageFields = { cursor: Cursor.optional(), limit: ListLimit };
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextCursor: Cursor.nullable() });

/** `POST /api/tasks` */
export const createTask = defineCommand({
  name: "create_task",
  roles: writers,
  payload: CreateTaskBody,
  reply: Task,
});

/** `PATCH /api/tasks/:id` */
export const updateTask = defineCommand({
  name: "update_task",
  roles: writers,
  payload: z.strictObject({ taskId: TaskId, changes: UpdateTaskBody }),
  reply: Task,
});

/** `GET /api/tasks/:id` */
export const getTask = defineCommand({
  name: "get_task",
  roles: readers,
  payload: z.strictObject({ taskId: TaskId }),
  reply: Task,
});

/** `GET /api/tasks` */
export const listTasks = defineCommand({
  name: "list_tasks",
  roles: readers,
  payload: z.strictObject({ streamId: StreamId.optional(), ...pageFields }),
  reply: pageOf(Task),
});

/** `POST /api/streams` */
export const createStream = defineCommand({
  name: "create_stream",
  roles: writers,
  payload: CreateStreamBody,
  reply: StreamWithProgress,
});

/** `GET /api/streams/:id` */
export const getStream = defineCommand({
  name: "get_stream",
  roles: readers,
  payload: z.strictObject({ streamId: StreamId }),
  reply: StreamWithProgress,
});

/** `GET /api/streams` */
export const listStreams = defineCommand({
  name: "list_streams",
  roles: readers,
  payload: z.strictObject(pageFields),
  reply: pageOf(StreamWithProgress),
});

/** `POST /api/tasks/:id/checkpoints` */
export const createCheckpoint = defineCommand({
  name: "create_checkpoint",
  roles: writers,
  payload: CreateCheckpointBody.extend({ taskId: TaskId }),
  reply: Checkpoint,
});

/** `GET /api/tasks/:id/checkpoints` */
export const listCheckpoints = defineCommand({
  name: "list_checkpoints",
  roles: readers,
  payload: z.strictObject({ taskId: TaskId, ...pageFields }),
  reply: pageOf(Checkpoint),
});

/** `POST /api/tasks/:id/checkpoints/:checkpointId/resume` */
export const resumeCheckpoint = defineCommand({
  name: "resume_checkpoint",
  roles: writers,
  payload: z.strictObject({ taskId: TaskId, checkpointId: CheckpointId }),
  reply: Checkpoint,
});
