import { describe, expect, it } from "@jest/globals";
import type { Documents } from "../../server/store/documents/documents.ts";
import type { Transactions } from "../../server/store/documents/transactions.ts";
import { Rejection } from "../../shared/rejection.ts";
import { monitoringLog } from "../../shared/room.ts";
import { deferred } from "../support/deferred.ts";
import { openStore } from "../support/stores.ts";
import { backend, openTasks, taskId } from "../support/task-domain.ts";
import { faultsOfHistory } from "../support/task-history.ts";

type Commit = Transactions["commit"];

/** A board over a store whose commits go through `around` first. */
async function start(around: (commit: Commit) => Commit) {
  const store = await openStore("memory");
  const commits: number[] = [];
  const counted: Commit = (transaction) => {
    commits.push(transaction.documents.length);
    return store.transactions.commit(transaction);
  };
  const board = openTasks({ ...store, transactions: { commit: around(counted) } });
  const other = openTasks(store);
  const told = async () => (await store.log.read(monitoringLog, 0, 10_000)).events;
  return { ...board, other, commits, told };
}

const codes = (results: PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === "fulfilled" ? "ok" : (result.reason as Rejection).error.code));

describe("the transaction batcher", () => {
  it("TASK-8 concurrent changes share transactions, keep their order, and are refused one by one", async () => {
    const { createStream, create, tasks, commits, told } = await start((commit) => commit);
    await createStream("s");
    commits.length = 0;

    const created = Array.from({ length: 250 }, (_, i) => create(`t${i}`, i === 7 ? "nowhere" : "s"));
    const results = await Promise.allSettled(created);
    await Promise.all([
      tasks.update(taskId("t1"), { status: "in_progress" }, backend),
      tasks.update(taskId("t1"), { status: "completed" }, backend),
      tasks.update(taskId("t1"), { status: "blocked" }, backend).catch(() => {}),
      tasks.update(taskId("t1"), { status: "pending" }, backend),
    ]);

    expect(codes(results)).toEqual(results.map((_, i) => (i === 7 ? "not_found" : "ok")));
    // The stream is one of them.
    expect(commits).toEqual([100, 101, 51, 2]);
    const rooms = (await told()).filter(({ type }) => type === "task.created").map(({ room }) => room);
    expect(rooms).toEqual(created.flatMap((_, i) => (i === 7 ? [] : [`task:t${i}`])));
    expect((await tasks.get(taskId("t1"))).status).toBe("pending");
    expect(faultsOfHistory(await told())).toEqual([]);
  });

  it("TASK-8 a change is decided again after a conflict", async () => {
    let interfere: (() => Promise<unknown>) | undefined;
    const { createStream, create, other, tasks, told } = await start((commit) => async (transaction) => {
      const first = interfere;
      interfere = undefined;
      await first?.();
      return commit(transaction);
    });
    await createStream("s");
    await create("t1", "s");
    await create("t2", "s");

    interfere = () => other.tasks.update(taskId("t1"), { status: "cancelled" }, backend);
    const results = await Promise.allSettled([
      tasks.update(taskId("t1"), { status: "completed" }, backend),
      tasks.update(taskId("t2"), { status: "completed" }, backend),
    ]);

    expect(codes(results)).toEqual(["conflict", "ok"]);
    expect((await told()).at(-1)).toMatchObject({ type: "stream.completed", data: { totalTasks: 1 } });
    expect(faultsOfHistory(await told())).toEqual([]);
  });

  it("TASK-8 if the store is unreachable, all waiting changes are refused at once, and nothing has changed", async () => {
    const reached = deferred();
    const broken = deferred();
    let isBroken = false;
    const { create, tasks, commits, told } = await start((commit) => async (transaction) => {
      if (!isBroken) return commit(transaction);
      reached.resolve();
      await broken.promise;
      throw new Rejection("unavailable", "The store is out of reach.");
    });
    await create("t1");
    isBroken = true;
    const first = tasks.update(taskId("t1"), { status: "completed" }, backend);
    await reached.promise;
    const behind = Array.from({ length: 300 }, (_, i) => create(`late${i}`));

    broken.resolve();
    const results = await Promise.allSettled([first, ...behind]);
    isBroken = false;
    const after = await tasks.update(taskId("t1"), { status: "in_progress" }, backend);

    expect(new Set(codes(results))).toEqual(new Set(["unavailable"]));
    expect(after.status).toBe("in_progress");
    expect(commits).toHaveLength(2);
    expect((await told()).map(({ type }) => type)).toEqual(["task.created", "task.updated", "task.status_changed"]);
  });

  it("TASK-8 a large change does not share a transaction with much else", async () => {
    const { tasks, commits } = await start((commit) => commit);
    const metadata = { text: "x".repeat(60_000) };

    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        tasks.create({ id: taskId(`t${i}`), title: "Large", status: "completed", metadata }, backend),
      ),
    );

    expect(Math.max(...commits)).toBeLessThan(5);
    expect(commits.reduce((sum, count) => sum + count)).toBe(20);
  });

  it("TASK-8 documents that another writer changed during the read are read again", async () => {
    const store = await openStore("memory");
    const other = openTasks(store);
    await other.createStream("s");
    await other.create("t1", "s");
    await other.tasks.update(taskId("t1"), { status: "completed" }, backend);
    let interfere: (() => Promise<unknown>) | undefined;
    const { tasks } = openTasks({
      ...store,
      documents: {
        ...store.documents,
        // Of the task, what was there before; of its stream, what is there afterwards.
        async getMany<T>(...args: Parameters<Documents["getMany"]>) {
          const found = await store.documents.getMany<T>(...args);
          const first = args[0] === "task" ? interfere : undefined;
          if (first) interfere = undefined;
          await first?.();
          return found;
        },
      },
    });

    interfere = () => other.tasks.update(taskId("t1"), { status: "pending" }, backend);
    const changed = await tasks.update(taskId("t1"), { status: "in_progress" }, backend);

    expect(changed.status).toBe("in_progress");
    const { events } = await store.log.read(monitoringLog, 0, 1_000);
    expect(faultsOfHistory(events)).toEqual([]);
  });

  it("TASK-8 a change with an unexpected error is refused, and those beside it are stored", async () => {
    const store = await openStore("memory");
    const { create, tasks } = openTasks(store);
    // Two tasks of no stream: what is told of the second one does not fit its definition.
    const results = await Promise.allSettled([
      create("t1"),
      tasks.create({ id: taskId("t2"), title: "", status: "pending" }, backend),
      create("t3"),
    ]);

    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const { events } = await store.log.read(monitoringLog, 0, 1_000);
    expect(events.map(({ room }) => room)).toEqual(["task:t1", "task:t3"]);
    await expect(tasks.get(taskId("t2"))).rejects.toMatchObject({ error: { code: "not_found" } });
  });

  it("TASK-8 it gives up if there are conflicts all the time", async () => {
    const { create } = await start(() => async () => undefined);

    const results = await Promise.allSettled([create("t1")]);

    expect(codes(results)).toEqual(["unavailable"]);
  });
});
