import { describe, expect, it } from "@jest/globals";
import { dedupeWindowMs } from "../../server/store/log/event-log.ts";
import { nextStatuses } from "../../server/tasks/task-status.ts";
import { TaskStatus } from "../../shared/entities/task.ts";
import { EventType } from "../../shared/event-type.ts";
import { TaskList } from "../../shared/http/tasks.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { stores } from "../support/stores.ts";
import { TaskBoard } from "../support/task-board.ts";

const watching = { as: "wanda", roles: ["monitor"] } as const;

describe.each(stores)("tasks (%s)", (store) => {
  it("TASK-1 a task is created, published, and read by those who watch", async () => {
    const board = await TaskBoard.start(store);
    const body = { id: "t1", title: "Write it", metadata: { part: 1 } };

    const created = await board.request("POST", "/tasks", body);

    const task = { ...body, status: "pending" };
    expect([created.status, created.headers.get("location"), created.body]).toEqual([201, "/api/tasks/t1", task]);
    expect(await board.told()).toMatchObject([
      {
        type: "task.created",
        room: "task:t1",
        sender: { userId: "backend", name: "Backend", agentId: null },
        data: task,
      },
    ]);
    expect(await board.ok("GET", "/tasks/t1", undefined, watching)).toEqual(task);
    expect(await board.ok("GET", "/tasks/t1", undefined, { roles: ["admin"] })).toEqual(task);
  });

  it("TASK-1 a task without an id gets one", async () => {
    const board = await TaskBoard.start(store);

    const { id } = await board.ok("POST", "/tasks", { title: "Write it" });

    expect(await board.ok("GET", `/tasks/${id}`)).toEqual({ id, title: "Write it", status: "pending" });
  });

  it("TASK-1 a task that is created completed or blocked is published as such", async () => {
    const board = await TaskBoard.start(store);

    await board.ok("POST", "/tasks", { id: "done", title: "Done", status: "completed" });
    await board.ok("POST", "/tasks", { id: "stuck", title: "Stuck", status: "blocked", blockedReason: "no key" });

    expect(await board.toldAfter(0)).toEqual([
      "task.created task:done",
      "task.completed task:done",
      "task.created task:stuck",
      "task.blocked task:stuck",
    ]);
  });

  it.each(TaskStatus.options)(
    "TASK-2 a task that is %s changes to the statuses in the table; any other change is a conflict",
    async (from) => {
      const board = await TaskBoard.start(store);
      const answers: Record<string, unknown> = {};
      const changes: string[] = [];

      for (const to of TaskStatus.options) {
        await board.ok("POST", "/tasks", { id: to, title: "Write it", status: from });
        const { status } = await board.request("PATCH", `/tasks/${to}`, { status: to });
        answers[to] = status;
        if (nextStatuses[from].includes(to)) changes.push(to);
      }

      expect(answers).toEqual(
        Object.fromEntries(TaskStatus.options.map((to) => [to, to === from || changes.includes(to) ? 200 : 409])),
      );
      const told = await board.of(EventType.TaskStatusChanged);
      expect(told.map(({ data }) => [data.taskId, data.oldStatus, data.newStatus])).toEqual(
        changes.map((to) => [to, from, to]),
      );
    },
  );

  it("TASK-3 a change is published with the changed fields, then with its meaning", async () => {
    const board = await TaskBoard.start(store);
    await board.ok("POST", "/tasks", { id: "t1", title: "Write it", metadata: { part: 1 } });

    const changed = await board.ok("PATCH", "/tasks/t1", { title: "Write it all", metadata: null });
    await board.set("t1", "blocked", { blockedReason: "no key" });
    const completed = await board.set("t1", "completed");

    expect(changed).toEqual({ id: "t1", title: "Write it all", status: "pending" });
    expect(completed).toEqual({ id: "t1", title: "Write it all", status: "completed" });
    const blocked = { ...changed, status: "blocked", blockedReason: "no key" };
    expect((await board.told()).slice(1).map(({ type, data }) => [type, data])).toEqual([
      ["task.updated", { ...changed, changes: ["title", "metadata"] }],
      ["task.updated", { ...blocked, changes: ["status", "blockedReason"] }],
      ["task.status_changed", { taskId: "t1", oldStatus: "pending", newStatus: "blocked", blockedReason: "no key" }],
      ["task.blocked", blocked],
      ["task.updated", { ...completed, changes: ["status", "blockedReason"] }],
      ["task.status_changed", { taskId: "t1", oldStatus: "blocked", newStatus: "completed" }],
      ["task.completed", completed],
    ]);
  });

  it("TASK-3 a change that changes nothing returns the task, and publishes nothing", async () => {
    const board = await TaskBoard.start(store);
    const metadata = { a: [1, { b: 2 }] };
    await board.ok("POST", "/tasks", { id: "t1", title: "Write it", metadata });
    await board.set("t1", "completed");
    const before = (await board.told()).length;

    const again = await board.set("t1", "completed");
    const same = await board.ok("PATCH", "/tasks/t1", { title: "Write it", metadata, blockedReason: null });

    expect([again.status, same.metadata]).toEqual(["completed", metadata]);
    expect(await board.toldAfter(before)).toEqual([]);
  });

  it("TASK-3 the reason may change only while the task is blocked", async () => {
    const board = await TaskBoard.start(store);
    await board.ok("POST", "/tasks", { id: "t1", title: "Write it" });

    const early = await board.refused("PATCH", "/tasks/t1", { blockedReason: "no key" });
    await board.set("t1", "blocked");
    const changed = await board.ok("PATCH", "/tasks/t1", { blockedReason: "no key" });
    const contradiction = await board.refused("PATCH", "/tasks/t1", { status: "pending", blockedReason: "no key" });

    expect(early).toEqual([409, "conflict"]);
    expect(changed.blockedReason).toBe("no key");
    expect(contradiction).toEqual([400, "invalid_payload"]);
    expect(await board.of(EventType.TaskBlocked)).toHaveLength(1);
  });

  it("TASK-4 the same request again gets the same reply, for as long as it is remembered", async () => {
    const clock = new ManualClock();
    const board = await TaskBoard.start(store, { clock });
    const body = { id: "t1", title: "Write it", metadata: { part: 1 } };
    const first = await board.ok("POST", "/tasks", body);
    await board.set("t1", "completed");
    const before = (await board.told()).length;

    const again = await board.ok("POST", "/tasks", body);
    const another = await board.refused("POST", "/tasks", { ...body, title: "Write that" });
    const ofSomebodyElse = await board.refused("POST", "/tasks", body, { as: "other" });
    clock.advance(dedupeWindowMs);
    const late = await board.refused("POST", "/tasks", body);

    expect(again).toEqual(first);
    expect([another, ofSomebodyElse, late]).toEqual(Array(3).fill([409, "conflict"]));
    expect(await board.toldAfter(before)).toEqual([]);
  });

  it("TASK-4 concurrent requests with one id create one task", async () => {
    const board = await TaskBoard.start(store);
    const create = (title: string) => board.request("POST", "/tasks", { id: "t1", title });

    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => create(i % 2 === 0 ? "This" : "That")));

    const { title } = await board.ok("GET", "/tasks/t1");
    const winner = title === "This" ? 0 : 1;
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, i) => (i % 2 === winner ? 201 : 409)));
    expect(await board.toldAfter(0)).toEqual(["task.created task:t1"]);
  });

  it("TASK-5 a stream or task that does not exist is not found, and nothing is half done", async () => {
    const board = await TaskBoard.start(store);
    await board.ok("POST", "/tasks", { id: "t1", title: "Write it" });
    const before = (await board.told()).length;

    const refusals = [
      await board.refused("POST", "/tasks", { id: "t2", title: "Write that", streamId: "nowhere" }),
      await board.refused("PATCH", "/tasks/t1", { status: "completed", streamId: "nowhere" }),
      await board.refused("PATCH", "/tasks/t2", { status: "completed" }),
      await board.refused("GET", "/tasks/t2"),
      await board.refused("GET", "/tasks?streamId=nowhere"),
      await board.refused("GET", "/streams/nowhere"),
    ];

    expect(refusals).toEqual(Array(6).fill([404, "not_found"]));
    expect(await board.ok("GET", "/tasks/t1")).toMatchObject({ status: "pending" });
    expect(await board.toldAfter(before)).toEqual([]);
  });

  it("TASK-6 lists are sorted by latest activity, in pages, with a position that misses nothing", async () => {
    const clock = new ManualClock();
    const board = await TaskBoard.start(store, { clock });
    await board.ok("POST", "/streams", { id: "s", name: "Stream" });
    for (const id of ["a", "b", "c", "d"]) {
      clock.advance(1);
      await board.ok("POST", "/tasks", { id, title: id, ...(id === "d" ? {} : { streamId: "s" }) });
    }
    clock.advance(1);
    await board.set("a", "in_progress");
    const list = async (query: string) => TaskList.parse(await board.ok("GET", `/tasks?${query}`, undefined, watching));
    const idsOf = ({ items }: TaskList) => items.map(({ id }) => id);

    const all = await list("");
    const first = await list("streamId=s&limit=2");
    const second = await list(`streamId=s&limit=2&cursor=${encodeURIComponent(String(first.nextCursor))}`);

    expect(idsOf(all)).toEqual(["a", "d", "c", "b"]);
    expect([idsOf(first), idsOf(second), second.nextCursor]).toEqual([["a", "c"], ["b"], null]);
    expect(all.position).toEqual((await board.told()).at(-1)?.position);
  });
});
