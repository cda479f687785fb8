import type { IRouter } from "express";
import { Nothing } from "../../../shared/commands/fields.ts";
import { CreateCheckpointBody } from "../../../shared/http/checkpoints.ts";
import { ListQuery } from "../../../shared/http/query.ts";
import { CreateStreamBody } from "../../../shared/http/streams.ts";
import { CreateTaskBody, TasksQuery, UpdateTaskBody } from "../../../shared/http/tasks.ts";
import { CheckpointId, StreamId, TaskId } from "../../../shared/ids.ts";
import type { Position } from "../../../shared/position.ts";
import type { Role } from "../../../shared/role.ts";
import { monitoringLog } from "../../../shared/room.ts";
import type { EventLog } from "../../store/log/event-log.ts";
import { type Calls, onlyWith, parse } from "./calls.ts";

interface TaskRoutesDeps {
  calls: Calls;
  log: Pick<EventLog, "bounds">;
}

const writers: readonly Role[] = ["service"];
const readers: readonly Role[] = ["service", "monitor", "admin"];

/** Tasks, streams and checkpoints. */
export function addTaskRoutes(routes: IRouter, { calls: { sessionOf, run, bodyOf }, log }: TaskRoutesDeps): void {
  /** To be read before a list, so that changes made while the list is read come after this position. */
  async function head(): Promise<Position> {
    const { epoch, last } = await log.bounds(monitoringLog);
    return { epoch, offset: last };
  }
  const taskIdOf = ({ id }: { id: string }) => parse(TaskId, id, "path");
  routes.post("/tasks", async (request, response) => {
    const session = await sessionOf(request, writers);
    const task = await run<"http", "create_task">(session, "create_task", bodyOf(CreateTaskBody, request));
    response.status(201).location(`/api/tasks/${task.id}`).json(task);
  });

  routes.get("/tasks", async (request, response) => {
    const session = await sessionOf(request, readers);
    const query = parse(TasksQuery, request.query, "query");
    const position = await head();
    response.json({ ...(await run<"http", "list_tasks">(session, "list_tasks", query)), position });
  });

  routes.get("/tasks/:id", async (request, response) => {
    const session = await sessionOf(request, readers);
    response.json(await run<"http", "get_task">(session, "get_task", { taskId: taskIdOf(request.params) }));
  });

  routes.patch("/tasks/:id", async (request, response) => {
    const session = await sessionOf(request, writers);
    const taskId = taskIdOf(request.params);
    const changes = bodyOf(UpdateTaskBody, request);
    response.json(await run<"http", "update_task">(session, "update_task", { taskId, changes }));
  });

  routes.post("/streams", async (request, response) => {
    const session = await sessionOf(request, writers);
    const body = bodyOf(CreateStreamBody, request);
    const stream = await run<"http", "create_stream">(session, "create_stream", body);
    response.status(201).location(`/api/streams/${stream.id}`).json(stream);
  });

  routes.get("/streams", async (request, response) => {
    const session = await sessionOf(request, readers);
    const query = parse(ListQuery, request.query, "query");
    const position = await head();
    response.json({ ...(await run<"http", "list_streams">(session, "list_streams", query)), position });
  });

  routes.get("/streams/:id", async (request, response) => {
    const session = await sessionOf(request, readers);
    const streamId = parse(StreamId, request.params.id, "path");
    response.json(await run<"http", "get_stream">(session, "get_stream", { streamId }));
  });

  routes.post("/tasks/:id/checkpoints", async (request, response) => {
    const session = await sessionOf(request, writers);
    const taskId = taskIdOf(request.params);
    const body = bodyOf(CreateCheckpointBody, request);
    const checkpoint = await run<"http", "create_checkpoint">(session, "create_checkpoint", { ...body, taskId });
    response.status(201).json(checkpoint);
  });

  routes.get("/tasks/:id/checkpoints", async (request, response) => {
    const session = await sessionOf(request, readers);
    const taskId = taskIdOf(request.params);
    const query = parse(ListQuery, request.query, "query");
    const position = await head();
    const page = await run<"http", "list_checkpoints">(session, "list_checkpoints", { ...query, taskId });
    response.json({ ...page, position });
  });

  routes.post("/tasks/:id/checkpoints/:checkpointId/resume", async (request, response) => {
    const session = await sessionOf(request, writers);
    const taskId = taskIdOf(request.params);
    const checkpointId = parse(CheckpointId, request.params.checkpointId, "path");
    if (request.body !== undefined) bodyOf(Nothing, request);
    response.json(await run<"http", "resume_checkpoint">(session, "resume_checkpoint", { taskId, checkpointId }));
  });

  routes.all(["/tasks", "/streams", "/tasks/:id/checkpoints"], onlyWith("GET", "POST"));
  routes.all("/tasks/:id", onlyWith("GET", "PATCH"));
  routes.all("/streams/:id", onlyWith("GET"));
  routes.all("/tasks/:id/checkpoints/:checkpointId/resume", onlyWith("POST"));
}
