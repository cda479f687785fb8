import { describe, expect, it } from "@jest/globals";
import { TaskStatus } from "../../shared/entities/task.ts";
import { EventType } from "../../shared/event-type.ts";
import { StreamList } from "../../shared/http/streams.ts";
import { TaskList } from "../../shared/http/tasks.ts";
import { Random } from "../support/random.ts";
import type { TestServer } from "../support/server.ts";
import { openStore } from "../support/stores.ts";
import { TaskBoard } from "../support/task-board.ts";
import { faultsOfHistory, lastProgress } from "../support/task-history.ts";
import { sharedEnv, startInstances } from "./cluster.ts";

async function startBoards() {
  const env = await sharedEnv();
  const [servers, store] = await Promise.all([startInstances(env, ["A", "B", "C"]), openStore("redis", { env })]);
  return servers.map((server: TestServer) => new TaskBoard(server, store));
}

/** As a backend does: what a busy store could not answer in time is sent again. Then it may have been done already. */
async function change(board: TaskBoard | undefined, method: string, path: string, body: unknown): Promise<number> {
  for (;;) {
    const status = (await board?.request(method, path, body))?.status ?? 0;
    if (status !== 503) return status;
  }
}

describe("tasks on three instances", () => {
  it("PROGRESS-6 a hundred concurrent changes result in one consistent history", async () => {
    const [a, b, c] = (await startBoards()) as [TaskBoard, TaskBoard, TaskBoard];
    await a.ok("POST", "/streams", { id: "s", name: "Stream" });
    const all = Array.from({ length: 100 }, (_, i) => ({ id: `t${i}`, board: [a, b, c][i % 3] ?? a }));
    await Promise.all(all.map(({ id, board }) => change(board, "POST", "/tasks", { id, title: id, streamId: "s" })));

    await Promise.all(all.map(({ id, board }) => change(board, "PATCH", `/tasks/${id}`, { status: "completed" })));

    const told = await a.told();
    expect(faultsOfHistory(told)).toEqual([]);
    const completed = (await a.of(EventType.StreamProgress)).slice(-100).map(({ data }) => data.progressPercentage);
    expect(completed).toEqual(all.map((_, i) => i + 1));
    expect(told.at(-1)?.type).toBe("stream.completed");
    expect(await a.of(EventType.StreamCompleted)).toHaveLength(1);
  });

  it.each([1, 2])("PROGRESS-6 after random concurrent changes the counters equal a recount (seed %i)", async (seed) => {
    const random = new Random(seed);
    const boards = await startBoards();
    const streams = ["one", "two", "three"];
    for (const id of streams) await boards[0]?.ok("POST", "/streams", { id, name: id });
    const changeSomething = (): Promise<number> => {
      const board = random.pick(boards);
      const id = `t${random.between(1, 25)}`;
      const streamId = random.chance(0.8) ? random.pick(streams) : null;
      const what = random.between(1, 10);
      if (what <= 2) {
        const within = streamId === null ? {} : { streamId };
        return change(board, "POST", "/tasks", { id, title: `${seed}`, ...within });
      }
      const status = random.pick(TaskStatus.options);
      const body = what === 3 ? { streamId } : what === 4 ? { streamId, status } : { status };
      return change(board, "PATCH", `/tasks/${id}`, body);
    };

    const statuses = await Promise.all(Array.from({ length: 300 }, changeSomething));

    const [board] = boards;
    const told = (await board?.told()) ?? [];
    const kept = StreamList.parse(await board?.ok("GET", "/streams")).items;
    const tasks = TaskList.parse(await board?.ok("GET", "/tasks?limit=200")).items;
    expect(faultsOfHistory(told)).toEqual([]);
    expect(new Set(statuses)).toEqual(new Set([200, 201, 404, 409]));
    for (const { id, progress } of kept) {
      const counted = tasks.filter((task) => task.streamId === id && task.status !== "cancelled");
      expect(progress).toEqual(lastProgress(told, id));
      expect([id, progress.totalTasks]).toEqual([id, counted.length]);
    }
  });
});
