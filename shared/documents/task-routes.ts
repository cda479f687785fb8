import {
  createCheckpoint,
  createStream,
  createTask,
  getStream,
  getTask,
  listCheckpoints,
  listStreams,
  listTasks,
  resumeCheckpoint,
  updateTask,
} from "../commands/http-commands.ts";
import { CheckpointList, CreateCheckpointBody } from "../http/checkpoints.ts";
import { ListQuery } from "../http/query.ts";
import { CreateStreamBody, StreamList } from "../http/streams.ts";
import { CreateTaskBody, TaskList, TasksQuery, UpdateTaskBody } from "../http/tasks.ts";
import { byCommand, type RouteDescription } from "./route-description.ts";

/** Tasks, streams and checkpoints. */
export const taskRoutes: readonly RouteDescription[] = [
  {
    method: "post",
    path: "/api/tasks",
    ...byCommand(createTask),
    body: CreateTaskBody,
    answer: { status: 201, schema: createTask.reply },
  },
  {
    method: "get",
    path: "/api/tasks",
    ...byCommand(listTasks),
    query: TasksQuery,
    answer: { status: 200, schema: TaskList },
  },
  {
    method: "get",
    path: "/api/tasks/{id}",
    ...byCommand(getTask),
    answer: { status: 200, schema: getTask.reply },
  },
  {
    method: "patch",
    path: "/api/tasks/{id}",
    ...byCommand(updateTask),
    body: UpdateTaskBody,
    answer: { status: 200, schema: updateTask.reply },
  },
  {
    method: "post",
    path: "/api/streams",
    ...byCommand(createStream),
    body: CreateStreamBody,
    answer: { status: 201, schema: createStream.reply },
  },
  {
    method: "get",
    path: "/api/streams",
    ...byCommand(listStreams),
    query: ListQuery,
    answer: { status: 200, schema: StreamList },
  },
  {
    method: "get",
    path: "/api/streams/{id}",
    ...byCommand(getStream),
    answer: { status: 200, schema: getStream.reply },
  },
  {
    method: "post",
    path: "/api/tasks/{id}/checkpoints",
    ...byCommand(createCheckpoint),
    body: CreateCheckpointBody,
    answer: { status: 201, schema: createCheckpoint.reply },
  },
  {
    method: "get",
    path: "/api/tasks/{id}/checkpoints",
    ...byCommand(listCheckpoints),
    query: ListQuery,
    answer: { status: 200, schema: CheckpointList },
  },
  {
    method: "post",
    path: "/api/tasks/{id}/checkpoints/{checkpointId}/resume",
    ...byCommand(resumeCheckpoint),
    answer: { status: 200, schema: resumeCheckpoint.reply },
  },
];
