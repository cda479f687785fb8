import { Checkpoint } from "../entities/checkpoint.ts";
import { Task } from "../entities/task.ts";
import { CreateCheckpointBody } from "../http/checkpoints.ts";
import { listOf } from "../http/list.ts";
import { ListQuery } from "../http/query.ts";
import { CreateStreamBody, StreamList, StreamWithProgress } from "../http/streams.ts";
import { CreateTaskBody, TaskList, TasksQuery, UpdateTaskBody } from "../http/tasks.ts";
import type { RouteDescription } from "./route-description.ts";

const watching = ["service", "monitor", "admin"] as const;

/** Tasks, streams and checkpoints. */
export const taskRoutes: readonly RouteDescription[] = [
  {
    method: "post",
    path: "/api/tasks",
    summary: "Creates a task",
    who: ["service"],
    body: CreateTaskBody,
    answer: { status: 201, schema: Task },
  },
  {
    method: "get",
    path: "/api/tasks",
    summary: "The tasks, or those of one stream",
    who: watching,
    query: TasksQuery,
    answer: { status: 200, schema: TaskList },
  },
  {
    method: "get",
    path: "/api/tasks/{id}",
    summary: "One task",
    who: watching,
    answer: { status: 200, schema: Task },
  },
  {
    method: "patch",
    path: "/api/tasks/{id}",
    summary: "Changes a task; null removes a field",
    who: ["service"],
    body: UpdateTaskBody,
    answer: { status: 200, schema: Task },
  },
  {
    method: "post",
    path: "/api/streams",
    summary: "Creates a stream of tasks",
    who: ["service"],
    body: CreateStreamBody,
    answer: { status: 201, schema: StreamWithProgress },
  },
  {
    method: "get",
    path: "/api/streams",
    summary: "The streams, each with its progress",
    who: watching,
    query: ListQuery,
    answer: { status: 200, schema: StreamList },
  },
  {
    method: "get",
    path: "/api/streams/{id}",
    summary: "One stream with its progress",
    who: watching,
    answer: { status: 200, schema: StreamWithProgress },
  },
  {
    method: "post",
    path: "/api/tasks/{id}/checkpoints",
    summary: "Keeps a checkpoint of a task",
    who: ["service"],
    body: CreateCheckpointBody,
    answer: { status: 201, schema: Checkpoint },
  },
  {
    method: "get",
    path: "/api/tasks/{id}/checkpoints",
    summary: "The checkpoints of a task",
    who: watching,
    query: ListQuery,
    answer: { status: 200, schema: listOf(Checkpoint) },
  },
  {
    method: "post",
    path: "/api/tasks/{id}/checkpoints/{checkpointId}/resume",
    summary: "Tells that a task goes on from a checkpoint",
    who: ["service"],
    answer: { status: 200, schema: Checkpoint },
  },
];
