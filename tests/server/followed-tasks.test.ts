import { describe, expect, it } from "@jest/globals";
import { monitoringLog } from "../../shared/room.ts";
import { openStore, type StoreName, stores } from "../support/stores.ts";
import { backend, openTasks, taskId } from "../support/task-domain.ts";
import { faultsOfHistory } from "../support/task-history.ts";

async function start(name: StoreName) {
  const store = await openStore(name);
  const board = openTasks(store);
  await board.createStream("s");
  await board.create("t1", "s");
  const told = async () => (await store.log.read(monitoringLog, 0, 1_000)).events;
  return { ...board, told };
}

describe.each(stores)("tasks that follow a dispatch (%s)", (name) => {
  it("TASK-7 a task is in progress, completed or blocked like the dispatch, and its events name the agent", async () => {
    const { tasks, told } = await start(name);
    const agent = { ...backend, agentId: "writer" as never };

    const running = await tasks.follow(taskId("t1"), { status: "in_progress" }, agent);
    const lost = await tasks.follow(taskId("t1"), { status: "blocked", blockedReason: "the agent is gone" });
    const again = await tasks.follow(taskId("t1"), { status: "in_progress" }, agent);
    const completed = await tasks.follow(taskId("t1"), { status: "completed" }, agent);

    expect([running?.status, lost?.status, again?.status, completed?.status]).toEqual([
      "in_progress",
      "blocked",
      "in_progress",
      "completed",
    ]);
    const changes = (await told()).filter(({ type }) => type === "task.status_changed");
    expect(changes.map(({ sender }) => sender?.agentId ?? null)).toEqual(["writer", null, "writer", "writer"]);
    expect(changes[1]?.data).toMatchObject({ newStatus: "blocked", blockedReason: "the agent is gone" });
    expect((await told()).at(-1)?.type).toBe("stream.completed");
    expect(faultsOfHistory(await told())).toEqual([]);
  });

  it("TASK-7 a repeated status publishes nothing, and a finished or missing task stays unchanged", async () => {
    const { tasks, told } = await start(name);
    await tasks.follow(taskId("t1"), { status: "in_progress" });
    await tasks.follow(taskId("t1"), { status: "completed" });
    const before = await told();

    const answers = [
      await tasks.follow(taskId("t1"), { status: "completed" }),
      await tasks.follow(taskId("t1"), { status: "in_progress" }),
      await tasks.follow(taskId("t1"), { status: "blocked" }),
      await tasks.follow(taskId("t2"), { status: "completed" }),
    ];

    expect(answers.map((task) => task?.status)).toEqual(["completed", "completed", "completed", undefined]);
    expect(await told()).toEqual(before);
  });
});
