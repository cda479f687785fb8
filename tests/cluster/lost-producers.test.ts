import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import type { Role } from "../../shared/role.ts";
import { NetworkProxy } from "../chaos/network-proxy.ts";
import { Program } from "../support/program.ts";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import type { TestServer } from "../support/server.ts";
import { TestClient } from "../support/test-client.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { allReady, conversationId, room, sharedEnv, startInstances } from "./cluster.ts";

const ids = { conversationId, responseId: "r-1" };
const agents = { roles: ["agent"] } as const;

const clients: TestClient<"/chat">[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function connect(url: string, sub: string, roles: readonly Role[]): Promise<TestClient> {
  const client = new TestClient(url, "/chat", { auth: { token: tokenOf(sub, roles) }, reconnection: false });
  clients.push(client);
  await client.inbox.one("system.connection.established");
  return client;
}

/** Ada, connected to the server, reads what the agent writes through another instance. */
async function begin(server: TestServer, agent: TestClient): Promise<TestClient> {
  const ada = await server.connect("ada");
  await ada.ok("conversation.create", { id: conversationId, members: ["robot", "bob"] });
  await ada.ok("join_room", { room });
  for (const delta of ["one ", "two ", "three"]) await agent.ok("chat_response_delta", { ...ids, delta });
  const textOf = () => ada.seen(EventType.ChatResponseDelta).map(({ data }) => data.delta);
  await ada.inbox.until(() => textOf().join("") === "one two three", "the deltas");
  return ada;
}

/** Sends deltas until one is refused. The replies before that ask the agent to stop. */
const untilRefused = (agent: TestClient) =>
  eventually(async () => {
    const reply = await agent.command("chat_response_delta", { ...ids, delta: "more" });
    if (!reply.ok) expect(reply.error).toMatchObject({ code: "conflict" });
    else expect(reply.data).toEqual({ cancel: true });
    return !reply.ok;
  }, "a refusal");

describe("an instance at which a response is written", () => {
  it("CLUSTER-18 after it is killed the others end the response once, and refuse the producer that returns later", async () => {
    const env = { ...(await sharedEnv()), RESPONSE_LEASE_MS: "1000" };
    const servers = await startInstances(env, ["B", "C"]);
    const [server] = servers;
    const program = new Program({ ...env, JWT_SECRET: testSecret });
    const ada = await begin(server, await connect(await program.url(), "robot", ["agent"]));

    await program.kill();
    const end = await ada.one(EventType.ChatResponse);
    const late = await servers[1].connect("bob");
    const { events } = await late.ok("join_room", { room });
    const again = await servers[1].connect("robot", agents);
    const refused = await again.refused("chat_response_delta", { ...ids, delta: "four" });

    expect(end.data).toMatchObject({ status: "failed", message: "one two three" });
    expect(events.map(({ id }) => id)).toEqual([end.id]);
    expect(refused.code).toBe("conflict");
    expect(ada.seen(EventType.ChatResponse)).toHaveLength(1);
  });

  it("CLUSTER-18 while it is stopped, a response cancelled elsewhere ends; its producer is told when it continues", async () => {
    const env = await sharedEnv();
    const [server] = await startInstances(env, ["B"]);
    const program = new Program({ ...env, JWT_SECRET: testSecret });
    const agent = await connect(await program.url(), "robot", ["agent"]);
    const ada = await begin(server, agent);

    program.signal("SIGSTOP");
    await ada.ok("chat_response.cancel", ids);
    const end = await ada.one(EventType.ChatResponse);
    program.signal("SIGCONT");
    const told = await agent.inbox.one("cancel");
    await untilRefused(agent);

    expect(end.data).toMatchObject({ status: "cancelled", message: "one two three" });
    expect(told).toMatchObject({ messageId: "r-1", reason: "cancelled by Ada" });
    expect(ada.seen(EventType.ChatResponse)).toHaveLength(1);
  });
});

describe("an instance whose connections to Redis are cut", () => {
  let redis: RedisServer;
  let network: NetworkProxy;
  beforeEach(async () => {
    redis = await RedisServer.start();
    network = await NetworkProxy.start(redis.port);
  }, installationMs);
  afterEach(async () => {
    await network.close();
    await redis.close();
  });

  async function startApart() {
    const env = await sharedEnv(redis);
    const [near] = await startInstances(env, ["B"]);
    const [far] = await startInstances({ ...env, REDIS_URL: `redis://127.0.0.1:${network.port}` }, ["A"]);
    return { near, far };
  }

  it("TROUBLE-22 it tells a producer of a cancellation when it is connected again", async () => {
    const { near, far } = await startApart();
    const agent = await far.connect("robot", agents);
    const ada = await begin(near, agent);

    network.set("cut");
    await ada.ok("chat_response.cancel", ids);
    network.set("open");
    const told = await agent.inbox.one("cancel");
    await untilRefused(agent);
    const end = await ada.one(EventType.ChatResponse);

    expect(told).toMatchObject({ messageId: "r-1", reason: "cancelled by Ada" });
    expect(end.data).toMatchObject({ status: "cancelled" });
    expect(agent.inbox.of("cancel")).toHaveLength(1);
  });

  it("TROUBLE-22 it ends the connections that an admin has disconnected when it is connected again, and no others", async () => {
    const { near, far } = await startApart();
    const root = await near.connect("root", { namespace: "/admin", roles: ["admin"] });
    const [ada, bob, cy] = [await far.connect("ada"), await far.connect("bob"), await far.connect("cy")];
    const listed = async (userId: string) => (await root.ok("admin.connections", { userId })).connections[0];
    await eventually(async () => (await listed("bob")) !== undefined, "Bob to be listed");
    const connectionId = (await listed("bob"))?.connectionId ?? "";

    network.set("cut");
    const all = await root.ok("admin.disconnect", { userId: "ada", reason: "test" });
    const one = await root.ok("admin.disconnect", { connectionId, reason: "test" });
    network.set("open");
    const closes = await Promise.all([ada, bob].map(({ inbox }) => inbox.one("system.connection.close")));
    await allReady([far]);
    const again = await far.connect("ada");
    await again.ok("conversation.list", {});

    expect([all.disconnected, one.disconnected]).toEqual([1, 1]);
    expect(closes).toEqual([{ reason: "kicked" }, { reason: "kicked" }]);
    expect([cy, again].flatMap(({ inbox }) => inbox.of("system.connection.close"))).toEqual([]);
  });
});
