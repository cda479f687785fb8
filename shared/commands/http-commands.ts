import { z } from "zod";
import { Checkpoint } from "../entities/checkpoint.ts";
import { Task } from "../entities/task.ts";
import { exactlyOneOf } from "../exactly-one.ts";
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
import { Cursor, EventLimit, ListLimit, NextCursor, PublishedReply } from "./fields.ts";

/** `POST /api/users/:id/notifications` */
export const notifyUser = defineCommand({
  name: "notify_user",
  description: "Publishes a `notification` to a user, for all the places where the user is connected.",
  roles: ["service"],
  payload: NotificationBody.extend({ userId: UserId }),
  reply: PublishedReply,
  room: ({ userId }) => userRoom(userId),
});

/** `POST /api/revocations` */
export const revoke = defineCommand({
  name: "revoke",
  description:
    "Refuses all tokens of a user that were issued up to now, those of a session, or one; and ends their connections.",
  roles: ["admin"],
  payload: RevocationBody,
  reply: RevocationAnswer,
});

/** `POST /api/events` */
export const publishEvents = defineCommand({
  name: "publish_events",
  description: "Publishes one event, or a list in its order. All are checked before any is published.",
  roles: ["service"],
  payload: z.strictObject({ events: EventList }),
  reply: PublishAnswer,
});

/** `GET /api/events`, but for event streams. */
export const readEvents = defineCommand({
  name: "read_events",
  description: "Events after a position: a page, a long poll, or an event stream.",
  payload: exactlyOneOf(
    z.strictObject({
      room: LoggedRoomName.optional(),
      topics: MonitoringTopics.optional(),
      types: EventTypes.optional(),
      after: Position.optional(),
      limit: EventLimit,
      /** Seconds. */
      wait: z.int().min(0).max(limits.waitSecondsMax).default(0),
    }),
    "room",
    "topics",
  ),
  reply: EventsAnswer,
});

/** Backends change tasks; people who watch or operate read them. */
const writers: readonly Role[] = ["service"];
const readers: readonly Role[] = ["service", "monitor", "admin"];

const pageFields = { cursor: Cursor.optional(), limit: ListLimit };
const pageOf = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item), nextCursor: NextCursor });

/** `POST /api/tasks` */
export const createTask = defineCommand({
  name: "create_task",
  description: "Creates a task.",
  roles: writers,
  payload: CreateTaskBody,
  reply: Task,
});

/** `PATCH /api/tasks/:id` */
export const updateTask = defineCommand({
  name: "update_task",
  description: "Changes a task; `null` removes a field.",
  roles: writers,
  payload: z.strictObject({ taskId: TaskId, changes: UpdateTaskBody }),
  reply: Task,
});

/** `GET /api/tasks/:id` */
export const getTask = defineCommand({
  name: "get_task",
  description: "One task.",
  roles: readers,
  payload: z.strictObject({ taskId: TaskId }),
  reply: Task,
});

/** `GET /api/tasks` */
export const listTasks = defineCommand({
  name: "list_tasks",
  description: "The tasks, or those of one stream, latest activity first.",
  roles: readers,
  payload: z.strictObject({ streamId: StreamId.optional(), ...pageFields }),
  reply: pageOf(Task),
});

/** `POST /api/streams` */
export const createStream = defineCommand({
  name: "create_stream",
  description: "Creates a stream of tasks.",
  roles: writers,
  payload: CreateStreamBody,
  reply: StreamWithProgress,
});

/** `GET /api/streams/:id` */
export const getStream = defineCommand({
  name: "get_stream",
  description: "One stream with its progress.",
  roles: readers,
  payload: z.strictObject({ streamId: StreamId }),
  reply: StreamWithProgress,
});

/** `GET /api/streams` */
export const listStreams = defineCommand({
  name: "list_streams",
  description: "The streams, each with its progress, latest activity first.",
  roles: readers,
  payload: z.strictObject(pageFields),
  reply: pageOf(StreamWithProgress),
});

/** `POST /api/tasks/:id/checkpoints` */
export const createCheckpoint = defineCommand({
  name: "create_checkpoint",
  description: `Records a checkpoint of a task, which may have ${limits.checkpointsPerTask}.`,
  roles: writers,
  payload: CreateCheckpointBody.extend({ taskId: TaskId }),
  reply: Checkpoint,
});

/** `GET /api/tasks/:id/checkpoints` */
export const listCheckpoints = defineCommand({
  name: "list_checkpoints",
  description: "The checkpoints of a task, newest first.",
  roles: readers,
  payload: z.strictObject({ taskId: TaskId, ...pageFields }),
  reply: pageOf(Checkpoint),
});

/** `POST /api/tasks/:id/checkpoints/:checkpointId/resume` */
export const resumeCheckpoint = defineCommand({
  name: "resume_checkpoint",
  description: "Announces that a task goes on from a checkpoint.",
  roles: writers,
  payload: z.strictObject({ taskId: TaskId, checkpointId: CheckpointId }),
  reply: Checkpoint,
});
