import { describe, expect, it } from "@jest/globals";
import { CheckpointList } from "../../shared/http/checkpoints.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { type StoreName, stores } from "../support/stores.ts";
import { TaskBoard } from "../support/task-board.ts";

const path = "/tasks/t1/checkpoints";

async function start(store: StoreName, clock = new ManualClock()) {
  const board = await TaskBoard.start(store, { clock });
  await board.ok("POST", "/tasks", { id: "t1", title: "Write it" });
  return board;
}

describe.each(stores)("checkpoints (%s)", (store) => {
  it("CHECKPOINT-1 a checkpoint is created, published and listed, newest first", async () => {
    const clock = new ManualClock();
    const board = await start(store, clock);

    const first = await board.ok("POST", path, { checkpointId: "c1", label: "Half", state: { page: 7 } });
    clock.advance(1);
    const second = await board.ok("POST", path, {});

    expect(first).toEqual({
      checkpointId: "c1",
      taskId: "t1",
      label: "Half",
      state: { page: 7 },
      createdAt: expect.any(String),
    });
    const { createdAt: _, ...data } = first;
    expect((await board.told())[1]).toMatchObject({ type: "checkpoint.created", room: "checkpoint:t1", data });
    const list = CheckpointList.parse(await board.ok("GET", path, undefined, { as: "wanda", roles: ["monitor"] }));
    expect(list.items).toEqual([second, first]);
    expect(list.position).toEqual((await board.told()).at(-1)?.position);
  });

  it("CHECKPOINT-2 a task is resumed from a checkpoint, and each time an event is published", async () => {
    const board = await start(store);
    const checkpoint = await board.ok("POST", path, { checkpointId: "c1", state: { page: 7 } });

    const resumed = await board.ok("POST", `${path}/c1/resume`);
    const again = await board.ok("POST", `${path}/c1/resume`, {});

    expect([resumed, again]).toEqual([checkpoint, checkpoint]);
    expect(await board.toldAfter(2)).toEqual(Array(2).fill("checkpoint.resumed checkpoint:t1"));
    expect((await board.told()).at(-1)?.data).toEqual({ checkpointId: "c1", taskId: "t1", state: { page: 7 } });
    expect(await board.ok("GET", "/tasks/t1")).toMatchObject({ status: "pending" });
  });

  it("CHECKPOINT-3 the same request again gets the same reply; another request with its id is a conflict", async () => {
    const board = await start(store);
    const first = await board.ok("POST", path, { checkpointId: "c1", label: "Half" });
    await board.ok("POST", "/tasks", { id: "t2", title: "Write that" });

    const again = await board.ok("POST", path, { checkpointId: "c1", label: "Half" });
    const another = await board.refused("POST", path, { checkpointId: "c1", label: "Most" });
    const ofAnotherTask = await board.request("POST", "/tasks/t2/checkpoints", { checkpointId: "c1", label: "Most" });

    expect(again).toEqual(first);
    expect(another).toEqual([409, "conflict"]);
    expect(ofAnotherTask.status).toBe(201);
    expect(await board.toldAfter(3)).toEqual(["checkpoint.created checkpoint:t2"]);
  });

  it("CHECKPOINT-4 a finished task cannot be resumed, nor a task or checkpoint that does not exist", async () => {
    const board = await start(store);
    await board.ok("POST", path, { checkpointId: "c1" });
    await board.set("t1", "completed");
    const before = (await board.told()).length;

    const finished = [await board.refused("POST", path, {}), await board.refused("POST", `${path}/c1/resume`)];
    const absent = [
      await board.refused("POST", `${path}/c2/resume`),
      await board.refused("POST", "/tasks/t2/checkpoints", {}),
      await board.refused("POST", "/tasks/t2/checkpoints/c1/resume"),
      await board.refused("GET", "/tasks/t2/checkpoints"),
    ];

    expect(finished).toEqual(Array(2).fill([409, "conflict"]));
    expect(absent).toEqual(Array(4).fill([404, "not_found"]));
    expect(await board.toldAfter(before)).toEqual([]);
  });
});
