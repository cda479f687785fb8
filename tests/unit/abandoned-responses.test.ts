import { describe, expect, it } from "@jest/globals";
import { AbandonedResponses } from "../../server/conversations/abandoned-responses.ts";
import { DeltaRollup } from "../../server/conversations/delta-rollup.ts";
import { keyOf, ResponseRecords } from "../../server/conversations/response-records.ts";
import { ResponseStreams } from "../../server/conversations/response-streams.ts";
import { createPublisher } from "../../server/publish/publisher.ts";
import { isDelta, isResponse } from "../../server/resume/compact.ts";
import { systemClock } from "../../server/runtime/clock.ts";
import type { Documents } from "../../server/store/documents/documents.ts";
import type { ConversationId, ResponseId, UserId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import { conversationRoom, logOfRoom } from "../../shared/room.ts";
import { openStore, type StoreName, stores } from "../support/stores.ts";

const response = { conversationId: "42" as ConversationId, responseId: "r1" as ResponseId };
const key = keyOf(response);
const room = conversationRoom(response.conversationId);
const producer = "bot" as UserId;
const sender = { userId: producer, name: "Bot", agentId: null };
const later = Number.POSITIVE_INFINITY;

/** A store with a response of two deltas whose lease has expired. `instance` creates an instance on that store. */
async function start(name: StoreName) {
  const store = await openStore(name);
  const { log, documents, leases, broadcast } = store;
  const publisher = createPublisher({ log, broadcast, clock: systemClock });
  const failures: unknown[] = [];
  const failed = (_: string, error: unknown) => failures.push(error);
  const records = new ResponseRecords({ documents, ttlMs: 60_000 });
  const write = async (nextIndex: number, ...deltas: string[]) => {
    const { responseId } = response;
    const rollup = new DeltaRollup({ publisher, room, sender, responseId, writer: 1, nextIndex, failed });
    for (const delta of deltas) await rollup.add(delta);
    await rollup.end();
  };
  const instance = (own: Documents = documents) =>
    new AbandonedResponses({
      records: new ResponseRecords({ documents: own, ttlMs: 60_000 }),
      streams: new ResponseStreams({ log, publisher, failed }),
      log,
      publisher,
      leases,
      broadcast,
      connectionsOf: async () => 1,
      bumpActivity: async () => {},
      failed,
    });
  await records.open(response, { producer, sender });
  await write(0, "one ", "two");
  await leases.set("responses", [{ id: key, inMs: -1 }]);
  const logged = async () => (await log.read(logOfRoom(room), 0, 1_000)).events;
  const ends = async () => (await logged()).filter(isResponse).map(({ data }) => data);
  return { documents, leases, records, write, instance, logged, ends, failures };
}

describe.each(stores)("a response whose lease has run out (%s)", (name) => {
  it("STREAM-9 several instances that end it at once publish one end", async () => {
    const { leases, records, instance, ends } = await start(name);
    const instances = Array.from({ length: 8 }, () => instance());

    await Promise.all(instances.map((one) => one.onDue(key, later)));
    await instances[0]?.onDue(key, later);

    const record = (await records.get(response))?.value;
    expect(await ends()).toEqual([expect.objectContaining({ status: "failed", message: "one two" })]);
    expect(record?.final?.id).toBe(record?.ending?.id);
    expect(await leases.size("responses")).toBe(0);
  });

  it("STREAM-9 another instance finishes the end when the first one dies half-way", async () => {
    const { documents, leases, records, instance, ends } = await start(name);
    // It dies after the end is in the log, and before the record says so.
    let puts = 0;
    const dying: Documents = {
      ...documents,
      put: async (...args) => {
        if (++puts > 1) throw new Rejection("unavailable", "It is dead.");
        return documents.put(...args);
      },
    };

    await expect(instance(dying).onDue(key, later)).rejects.toMatchObject({ error: { code: "unavailable" } });
    const before = await leases.size("responses");
    await instance().onDue(key, later);

    expect(before).toBe(1);
    expect(await ends()).toHaveLength(1);
    expect((await records.get(response))?.value.final).toBeDefined();
    expect(await leases.size("responses")).toBe(0);
  });

  it("STREAM-9 it continues when its producer returns while an instance is about to end it", async () => {
    const { documents, records, instance, ends } = await start(name);
    const slow: Documents = {
      ...documents,
      async get<T>(...args: Parameters<Documents["get"]>) {
        const found = await documents.get<T>(...args);
        await records.open(response, { producer, sender });
        return found;
      },
    };

    await instance(slow).onDue(key, later);

    expect(await ends()).toEqual([]);
  });

  it("STREAM-9 it continues when the instance that claimed its lease was too slow", async () => {
    const { instance, ends } = await start(name);

    await instance().onDue(key, performance.now() - 1);

    expect(await ends()).toEqual([]);
  });

  it("STREAM-9 its end has every delta that is in the log before it, and no delta follows it", async () => {
    const { write, instance, logged, ends } = await start(name);
    const nextIndex = (await logged()).filter(isDelta).length;

    await write(nextIndex, " three");
    await instance().onDue(key, later);
    await write(nextIndex, " four");

    expect(await ends()).toEqual([expect.objectContaining({ message: "one two three" })]);
    expect((await logged()).at(-1)?.type).toBe("chat_response");
  });
});
