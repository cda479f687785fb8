import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createClient } from "redis";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import { limits } from "../../shared/limits.ts";
import { escaped, freeForm, long } from "../support/escaped.ts";
import { alertOf, progressOf, type Told } from "../support/monitoring.ts";
import { Program } from "../support/program.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { sharedRedis } from "../support/stores.ts";
import { TestClient } from "../support/test-client.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { sharedEnv, startInstances } from "./cluster.ts";

type Redis = ReturnType<typeof createClient>;

let redis: Redis;
beforeAll(async () => {
  redis = createClient({ url: (await sharedRedis()).url });
  redis.on("error", () => {});
  await redis.connect();
});
afterAll(() => redis?.destroy());

/** Instances with a stream of their own. */
async function start<const Names extends readonly string[]>(names: Names) {
  const stream = `ingest-${randomUUID()}`;
  const env = { ...(await sharedEnv(await sharedRedis())), REDIS_INGEST_STREAM: stream };
  return { stream, env, instances: await startInstances(env, names) };
}

const add = (stream: string, fields: Record<string, string>) => redis.xAdd(stream, "*", fields);

const fieldsOf = ({ room, type, data, id }: Told) => ({
  room,
  type,
  data: JSON.stringify(data),
  ...(id ? { id } : {}),
});

const watch = (server: TestServer) => server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });

async function rejectedOf(stream: string) {
  const entries = await redis.xRange(`${stream}:rejected`, "-", "+");
  return (entries ?? []).map(({ message }) => message);
}

const alertIds = (client: TestClient<"/monitoring">) =>
  client.seen(EventType.AlertCreated).map(({ data }: Envelope<EventType.AlertCreated>) => data.alertId);

const expectedIds = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`);

/** So many alerts, all at once. */
async function addAlerts(stream: string, from: number, to: number): Promise<void> {
  await Promise.all(
    expectedIds(to)
      .slice(from)
      .map((id) => add(stream, fieldsOf(alertOf(id)))),
  );
}

describe("the ingest stream", () => {
  it("INGEST-1 each entry is published once and in order, by one of the instances", async () => {
    const { stream, instances } = await start(["A", "B", "C"]);
    const clients = await Promise.all(instances.map(watch));
    for (const client of clients) await client.ok("join_room", { room: "alerts" });

    await addAlerts(stream, 0, 1_000);
    for (const client of clients) await client.inbox.until(() => alertIds(client).length >= 1_000, "the alerts");
    await add(stream, fieldsOf(alertOf("end")));
    for (const client of clients) await client.inbox.until(() => alertIds(client).includes("end"), "the end");

    for (const client of clients) expect(alertIds(client)).toEqual([...expectedIds(1_000), "end"]);
    await eventually(async () => (await redis.xLen(stream)) === 0, "an empty stream");
    expect(await rejectedOf(stream)).toEqual([]);
  });

  it("SIZE-1 an entry may have the largest event, as badly escaped as JSON allows, and nothing more", async () => {
    const { stream, instances } = await start(["A"]);
    const [ada] = await instances[0].conversation("42", "ada");
    const usage = freeForm(limits.messageBytesDefault);
    const entry = (message: string, more: object = {}) => ({
      room: "conversation:42",
      type: "chat_response",
      data: escaped({ responseId: "r1", message, status: "complete", usage, ...more }),
    });
    const message = long(limits.responseLength);

    await add(stream, entry(long(limits.responseLength + 1)));
    await add(stream, entry("x", { usage: freeForm(limits.messageBytesDefault + 1) }));
    await add(stream, entry(message));
    const { data } = await ada.one(EventType.ChatResponse);

    expect(data.message === message).toBe(true);
    await eventually(async () => (await redis.xLen(stream)) === 0, "an empty stream");
    const reasons = (await rejectedOf(stream)).map(({ reason }) => reason);
    expect(reasons).toEqual([expect.stringContaining("data.message"), expect.stringContaining("data.usage")]);
  });

  it("INGEST-2 an invalid entry is kept with the reason, and the others are published", async () => {
    const { stream, instances } = await start(["A"]);
    const mona = await watch(instances[0]);
    await mona.ok("join_room", { room: "alerts" });
    const good = fieldsOf(alertOf("good"));

    const bad: [fields: Record<string, string>, code: string, reason: string][] = [
      [{ ...good, data: "no JSON" }, "invalid_payload", "data is not JSON"],
      [{ ...good, data: "[]" }, "invalid_payload", "data"],
      [{ ...good, data: '{"__proto__":1}' }, "invalid_payload", "__proto__"],
      [{ ...good, data: '{"alertId":2512292042121000001}' }, "invalid_payload", "data.alertId"],
      [{ ...good, data: '{"alertId":"a","alertId":"b"}' }, "invalid_payload", "data.alertId"],
      [{ ...good, data: `{"title":${"[".repeat(40)}${"]".repeat(40)}}` }, "too_large", "nested"],
      [{ ...good, data: JSON.stringify({ text: "x".repeat(66_000) }) }, "too_large", "bytes"],
      [{ ...good, data: '{"alertId":"a","severity":"loud","title":"a"}' }, "invalid_payload", "data.severity"],
      [{ ...good, room: "task:1" }, "invalid_payload", "not allowed in a task room"],
      [{ ...good, room: "nowhere" }, "invalid_payload", "room"],
      [{ ...good, type: "nonsense" }, "invalid_payload", "type"],
      [{ ...good, id: "a b" }, "invalid_payload", "id"],
      [{ ...good, extra: "1" }, "invalid_payload", "extra"],
      [{ ...good, type: "user_joined", room: "conversation:1" }, "forbidden", "user_joined"],
      [{ room: "conversation:nowhere", type: "chat_message", data: '{"message":"hi"}' }, "not_found", "nowhere"],
      [{ any: "thing" }, "invalid_payload", "room"],
    ];
    for (const [fields] of bad) await add(stream, fields);
    await add(stream, good);
    await mona.one(EventType.AlertCreated);

    await eventually(async () => (await redis.xLen(stream)) === 0, "an empty stream");
    const rejected = await rejectedOf(stream);
    expect(rejected.map(({ code }) => code)).toEqual(bad.map(([, code]) => code));
    for (const [index, [fields, , reason]] of bad.entries()) {
      expect(rejected[index]?.reason).toContain(reason);
      expect(JSON.parse(String(rejected[index]?.fields))).toEqual(fields);
    }
    expect(alertIds(mona)).toEqual(["good"]);
  });

  it("INGEST-3 an id that is written twice is published once", async () => {
    const { stream, instances } = await start(["A"]);
    const mona = await watch(instances[0]);
    await mona.ok("subscribe", { id: "all", topics: ["*"] });

    for (let i = 0; i < 3; i++) await add(stream, fieldsOf({ ...progressOf("s1"), id: "p-1" }));
    await add(stream, fieldsOf(alertOf("end")));
    await mona.one(EventType.AlertCreated);

    expect(mona.seen(EventType.StreamProgress)).toMatchObject([{ id: "p-1", sender: null, room: "stream:s1" }]);
  });

  it("INGEST-4 another instance continues when the reading one stops", async () => {
    const { stream, env, instances } = await start(["A"]);
    await addAlerts(stream, 0, 50);
    await instances[0].server.close();
    const next = await startServer({ store: "memory", env });
    const mona = await watch(next);
    await addAlerts(stream, 50, 100);
    const published = async () => {
      const { events } = await mona.ok("subscribe", { id: "all", topics: ["alerts"], limit: 1_000 });
      return events.map(({ data }) => data.alertId);
    };
    await eventually(async () => (await published()).length >= 100, "all alerts");

    expect(await published()).toEqual(expectedIds(100));
  });

  it("INGEST-4 entries that a killed instance was reading are published by another, once", async () => {
    const { stream, env, instances } = await start(["watching"]);
    const mona = await watch(instances[0]);
    await mona.ok("join_room", { room: "alerts" });
    // The one that watches stops reading, so that it is one of the two programs that is killed.
    const programs = [new Program({ ...env, JWT_SECRET: testSecret }), new Program({ ...env, JWT_SECRET: testSecret })];
    const byId = new Map<string, Program>();
    for (const program of programs) byId.set(await instanceIdOf(await program.url()), program);
    const reader = async () => byId.get(String(await redis.get(`${stream}:reader`)));
    await redis.set(`${stream}:reader`, [...byId.keys()][0] ?? "", { PX: 5_000 });

    const adding = addAlerts(stream, 0, 2_000);
    await mona.inbox.until(() => alertIds(mona).length >= 100, "the first alerts");
    await (await reader())?.kill();
    await adding;
    await mona.inbox.until(() => alertIds(mona).length >= 2_000, "all alerts");
    await add(stream, fieldsOf(alertOf("end")));
    await mona.inbox.until(() => alertIds(mona).includes("end"), "the end");

    expect(alertIds(mona)).toEqual([...expectedIds(2_000), "end"]);
    expect(await rejectedOf(stream)).toEqual([]);
  });
});

async function instanceIdOf(url: string): Promise<string> {
  const client = new TestClient(url, "/monitoring", { auth: { token: tokenOf("mona", ["monitor"]) } });
  const { instanceId } = await client.inbox.one<{ instanceId: string }>("system.connection.established");
  client.close();
  return instanceId;
}
