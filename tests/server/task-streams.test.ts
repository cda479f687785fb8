import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { StreamList } from "../../shared/http/streams.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { stores } from "../support/stores.ts";
import { TaskBoard } from "../support/task-board.ts";
import { faultsOfHistory } from "../support/task-history.ts";

describe.each(stores)("streams of tasks (%s)", (store) => {
  it("PROGRESS-1 ten tasks completed one by one publish ten percentages, then the completed stream", async () => {
    const board = await TaskBoard.start(store);
    await board.stream("s", 10);
    const before = (await board.told()).length;

    for (let i = 1; i <= 10; i++) await board.set(`t${i}`, "completed");

    const told = (await board.told()).slice(before).filter(({ room }) => room === "stream:s");
    const percentages = Array.from({ length: 10 }, (_, i) => ["stream.progress", (i + 1) * 10]);
    expect(told.map(({ type, data }) => [type, (data as { progressPercentage: number }).progressPercentage])).toEqual([
      ...percentages,
      ["stream.completed", 100],
    ]);
    expect(faultsOfHistory(await board.told())).toEqual([]);
  });

  it("PROGRESS-1 a percentage is rounded down: 100 means all", async () => {
    const board = await TaskBoard.start(store);
    await board.stream("s", 3);

    await board.set("t1", "completed");
    await board.set("t2", "completed");

    const { progress } = StreamList.shape.items.element.parse(await board.ok("GET", "/streams/s"));
    expect(progress).toMatchObject({ totalTasks: 3, completedTasks: 2, progressPercentage: 66.66 });
  });

  it("PROGRESS-2 a new stream is published, and is returned and listed with its progress", async () => {
    const clock = new ManualClock();
    const board = await TaskBoard.start(store, { clock });

    const created = await board.request("POST", "/streams", { id: "s", name: "Stream" });
    clock.advance(1);
    const { id: unnamed } = await board.ok("POST", "/streams", { name: "Another" });

    const progress = { streamId: "s", streamName: "Stream", totalTasks: 0, completedTasks: 0, progressPercentage: 0 };
    expect([created.status, created.headers.get("location")]).toEqual([201, "/api/streams/s"]);
    expect(created.body).toMatchObject({ id: "s", name: "Stream", progress });
    expect((await board.told())[0]).toMatchObject({ type: "stream.progress", room: "stream:s", data: progress });
    const watching = { as: "wanda", roles: ["monitor"] } as const;
    const list = StreamList.parse(await board.ok("GET", "/streams", undefined, watching));
    expect(list.items.map(({ id }) => id)).toEqual([unnamed, "s"]);
    expect(list.items[1]).toEqual(created.body);
    expect(list.position).toEqual((await board.told()).at(-1)?.position);
  });

  it("PROGRESS-2 the same request again gets the same reply; another request with its id is a conflict", async () => {
    const board = await TaskBoard.start(store);
    const first = await board.ok("POST", "/streams", { id: "s", name: "Stream" });
    await board.ok("POST", "/tasks", { id: "t1", title: "Write it", streamId: "s" });

    const again = await board.ok("POST", "/streams", { id: "s", name: "Stream" });
    const another = await board.refused("POST", "/streams", { id: "s", name: "Other" });
    const ofSomebodyElse = await board.refused("POST", "/streams", { id: "s", name: "Stream" }, { as: "other" });

    expect(again).toEqual(first);
    expect([another, ofSomebodyElse]).toEqual(Array(2).fill([409, "conflict"]));
    expect(await board.of(EventType.StreamProgress)).toHaveLength(2);
  });

  it("PROGRESS-3 completed and blocked are published once per transition, and again after a change back", async () => {
    const board = await TaskBoard.start(store);
    await board.stream("s", 2);
    const before = (await board.told()).length;

    await board.set("t1", "blocked");
    await board.set("t2", "blocked");
    await board.set("t1", "pending");
    await board.set("t2", "completed");
    await board.set("t1", "completed");
    await board.set("t1", "in_progress");
    await board.set("t1", "blocked");
    await board.set("t1", "completed");

    const told = (await board.told()).slice(before);
    const transitions = told.filter(({ type }) => type === "stream.completed" || type === "stream.blocked");
    expect(transitions.map(({ type, data }) => [type, (data as { blockedTasks?: string[] }).blockedTasks])).toEqual([
      ["stream.blocked", ["t1"]],
      ["stream.completed", undefined],
      ["stream.blocked", ["t1"]],
      ["stream.completed", undefined],
    ]);
    expect(faultsOfHistory(await board.told())).toEqual([]);
  });

  it("PROGRESS-4 a task that moves counts in its new stream, and a cancelled one in none", async () => {
    const board = await TaskBoard.start(store);
    await board.stream("s", 3);
    await board.ok("POST", "/streams", { id: "other", name: "Other" });
    await board.set("t1", "completed");
    const before = (await board.told()).length;

    await board.ok("PATCH", "/tasks/t1", { streamId: "other" });
    await board.set("t2", "cancelled");
    await board.ok("PATCH", "/tasks/t3", { streamId: null, status: "completed" });
    await board.set("t2", "pending");
    await board.ok("PATCH", "/tasks/t2", { title: "Neither counts nor is told to the stream" });

    const told = (await board.told()).slice(before).filter(({ room }) => room.startsWith("stream:"));
    const counts = told.map(({ type, room, data }) => {
      const { completedTasks, totalTasks } = data as { completedTasks: number; totalTasks: number };
      return `${type} ${room} ${completedTasks}/${totalTasks}`;
    });
    expect(counts).toEqual([
      "stream.progress stream:s 0/2",
      "stream.progress stream:other 1/1",
      "stream.completed stream:other 1/1",
      "stream.progress stream:s 0/1",
      "stream.progress stream:s 0/0",
      "stream.progress stream:s 0/1",
    ]);
    expect(faultsOfHistory(await board.told())).toEqual([]);
  });

  it("PROGRESS-4 a stream is completed when its last open task is cancelled, but not when all are", async () => {
    const board = await TaskBoard.start(store);
    await board.stream("s", 2);
    await board.set("t1", "completed");

    await board.set("t2", "cancelled");
    await board.set("t1", "pending");
    await board.set("t1", "cancelled");

    expect(await board.of(EventType.StreamCompleted)).toMatchObject([{ data: { totalTasks: 1, completedTasks: 1 } }]);
    expect((await board.of(EventType.StreamProgress)).at(-1)).toMatchObject({ data: { totalTasks: 0 } });
    expect(faultsOfHistory(await board.told())).toEqual([]);
  });

  it("PROGRESS-5 the time of the last change never goes back, whatever the clock does", async () => {
    const clock = new ManualClock();
    const board = await TaskBoard.start(store, { clock });
    await board.stream("s", 2);

    await board.set("t1", "completed");
    clock.step(-5_000);
    clock.stepRedis(-5_000);
    await board.set("t2", "completed");
    clock.advance(10_000);
    await board.set("t2", "pending");

    const times = (await board.of(EventType.StreamProgress)).slice(-3).map(({ data }) => Date.parse(data.lastUpdated));
    // In memory no clock that decides can be set.
    const passedMs = store === "redis" ? 5_000 : 10_000;
    expect([times[1], times[2]]).toEqual([times[0], Number(times[0]) + passedMs]);
  });
});
