import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "@jest/globals";
import type { DocumentChange } from "../../server/store/documents/transactions.ts";
import type { Follower } from "../../server/store/log/event-log.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { monitoringLog } from "../../shared/room.ts";
import { messageEnvelope, textOf } from "../support/envelopes.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openStore, type TestStore as Store, storeEnv, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

interface Counter {
  count: number;
}

describe.each(stores)("transactions (%s)", (name) => {
  let clock: ManualClock;
  let env: Record<string, string>;
  let store: Store;

  beforeEach(async () => {
    clock = new ManualClock();
    env = await storeEnv(name);
    store = await openStore(name, { clock, env, maxEvents: 1_000 });
  });

  const change = (id: string, count: number, expected: number, more: Partial<DocumentChange> = {}): DocumentChange => ({
    kind: "task",
    id,
    value: { count },
    expected,
    ...more,
  });
  const event = (text: string) => messageEnvelope(text, { clock });
  const read = (id: string) => store.documents.get<Counter>("task", id);
  const logged = async () => (await store.log.read(monitoringLog, 0, 1_000)).events;

  /** As whoever counts would: reads, decides, and does so again if somebody else was faster. */
  async function countUp({ documents, transactions }: Store, id: string): Promise<number> {
    for (;;) {
      const before = await documents.get<Counter>("task", id);
      const count = (before?.value.count ?? 0) + 1;
      const documentsAfter = [change(id, count, before?.version ?? 0)];
      if (await transactions.commit({ documents: documentsAfter, events: [event(String(count))] })) return count;
    }
  }

  it("TRANSACTION-1 a transaction changes documents of several kinds and appends events at consecutive offsets", async () => {
    const [task, stream] = [randomUUID(), randomUUID()];
    const events = [event("a"), event("b")];

    const positions = await store.transactions.commit({
      documents: [change(task, 1, 0), change(stream, 2, 0, { kind: "stream" })],
      events,
    });

    expect(positions?.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(await logged()).toEqual(events.map((told, index) => ({ ...told, position: positions?.[index] })));
    expect(await read(task)).toEqual({ value: { count: 1 }, version: 1 });
    expect(await store.documents.get("stream", stream)).toEqual({ value: { count: 2 }, version: 1 });
  });

  it("TRANSACTION-1 a transaction may have no events", async () => {
    const id = randomUUID();

    const positions = await store.transactions.commit({ documents: [change(id, 1, 0)], events: [] });

    expect(positions).toEqual([]);
    expect(await read(id)).toEqual({ value: { count: 1 }, version: 1 });
  });

  it("TRANSACTION-2 nothing changes if one document does not have the expected version", async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await store.transactions.commit({ documents: [change(first, 1, 0)], events: [event("a")] });

    const outdated = { documents: [change(second, 1, 0), change(first, 2, 0)], events: [event("b")] };
    const ahead = { documents: [change(second, 1, 0), change(first, 2, 2)], events: [event("c")] };
    const refused = [await store.transactions.commit(outdated), await store.transactions.commit(ahead)];

    expect(refused).toEqual([undefined, undefined]);
    expect(await read(first)).toEqual({ value: { count: 1 }, version: 1 });
    expect(await read(second)).toBeUndefined();
    expect((await logged()).map(textOf)).toEqual(["a"]);
  });

  it("TRANSACTION-2 concurrent changes of one document all succeed in turn, each with its event", async () => {
    const id = randomUUID();
    const other = name === "redis" ? await openStore(name, { clock, env, maxEvents: 1_000 }) : store;

    const counts = await Promise.all(
      Array.from({ length: 40 }, (_, index) => countUp(index % 2 === 0 ? store : other, id)),
    );

    const upTo40 = Array.from({ length: 40 }, (_, index) => index + 1);
    expect(counts.toSorted((a, b) => a - b)).toEqual(upTo40);
    expect((await logged()).map(textOf)).toEqual(upTo40.map(String));
    expect(await read(id)).toEqual({ value: { count: 40 }, version: 40 });
  });

  it("TRANSACTION-3 when an event is announced, its documents have changed", async () => {
    const id = randomUUID();
    const found: Promise<unknown>[] = [];
    const follower: Follower = {
      announced: (_event: LoggedEnvelope) => void found.push(read(id)),
      interrupted: () => {},
    };
    const unfollow = await store.log.follow(monitoringLog, follower);

    await store.transactions.commit({ documents: [change(id, 1, 0)], events: [event("a"), event("b")] });
    await eventually(() => found.length === 2, "both events");
    unfollow();

    const changed = { value: { count: 1 }, version: 1 };
    expect(await Promise.all(found)).toEqual([changed, changed]);
  });

  it("TRANSACTION-4 a transaction sets indexes, expiry and activity", async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const options = { indexes: ["all"], ttlMs: 60_000 };
    await store.transactions.commit({ documents: [change(first, 1, 0, { options })], events: [] });
    clock.advance(1_000);
    await store.transactions.commit({ documents: [change(second, 2, 0, { options })], events: [] });
    clock.advance(1_000);

    await store.transactions.commit({ documents: [change(first, 3, 1, { options: { ttlMs: 90_000 } })], events: [] });

    const list = async () => (await store.documents.list<Counter>("task", "all", 10)).items.map(({ value }) => value);
    expect(await list()).toEqual([{ count: 3 }, { count: 2 }]);
    clock.advance(70_000);
    expect(await list()).toEqual([{ count: 3 }]);
  });

  it("TRANSACTION-4 an expired document does not exist", async () => {
    const id = randomUUID();
    await store.transactions.commit({ documents: [change(id, 1, 0, { options: { ttlMs: 1_000 } })], events: [] });
    clock.advance(1_000);

    const positions = await store.transactions.commit({ documents: [change(id, 2, 0)], events: [] });

    expect(positions).toEqual([]);
    expect(await read(id)).toEqual({ value: { count: 2 }, version: 1 });
  });
});
