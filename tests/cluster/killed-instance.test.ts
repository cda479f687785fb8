import { afterEach, describe, expect, it } from "@jest/globals";
import { Program } from "../support/program.ts";
import type { TestServer } from "../support/server.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { TestClient } from "../support/test-client.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import {
  comingsAndGoings,
  conversationId,
  heard,
  messages,
  room,
  say,
  sharedEnv,
  startInstances,
  textsOf,
} from "./cluster.ts";

const clients: TestClient<"/chat">[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function connect(url: string, sub: string): Promise<TestClient> {
  const client = new TestClient(url, "/chat", { auth: { token: tokenOf(sub) }, reconnection: false });
  clients.push(client);
  await client.inbox.one("system.connection.established");
  return client;
}

/** Ada is on an instance that lives, Bob and Cy on one that can be killed. */
async function start() {
  const env = { ...(await sharedEnv()), PRESENCE_GRACE_MS: "5000" };
  const [server] = await startInstances(env, ["A"]);
  const program = new Program({ ...env, JWT_SECRET: testSecret });
  const url = await program.url();
  const ada = await server.connect("ada");
  const bob = await connect(url, "bob");
  const cy = await connect(url, "cy");
  await ada.ok("conversation.create", { id: conversationId, members: ["bob", "cy"] });
  for (const client of [ada, bob, cy]) await client.ok("join_room", { room });
  await ada.inbox.until(() => comingsAndGoings(ada).includes("+cy 3"), "Cy");
  return { server, program, ada, bob };
}

const instances = async (server: TestServer) =>
  (await server.request("GET", "/api/websocket/status", { as: null })).body.instances;

describe("an instance that is killed", () => {
  it("CLUSTER-11 within 12 s it is dropped from the status, and its users are reported as having left", async () => {
    const { server, program, ada } = await start();

    const sinceKilled = stopwatch();
    await program.kill();
    await eventually(async () => (await instances(server)) === 1, "the end of the instance");
    await ada.inbox.until(() => comingsAndGoings(ada).length === 5, "the end of Bob and Cy");
    const tookMs = sinceKilled();
    const { members } = await ada.ok("join_room", { room });

    expect(tookMs).toBeLessThan(12_000);
    expect(comingsAndGoings(ada).slice(0, 3)).toEqual(["+ada 1", "+bob 2", "+cy 3"]);
    expect(
      comingsAndGoings(ada)
        .slice(3)
        .map((change) => change.slice(0, 2))
        .sort(),
    ).toEqual(["-b", "-c"]);
    expect(members).toEqual([{ userId: "ada", name: "Ada", connections: 1 }]);
  });

  it("CLUSTER-12 a user who reconnects to another instance misses nothing, and no other member notices", async () => {
    const { server, program, ada, bob } = await start();
    await say(bob, "before");
    await heard(bob, "before");
    const position = messages(bob)[0]?.position;

    await program.kill();
    const again = await server.connect("bob");
    await say(ada, "meanwhile");
    const joined = await again.ok("join_room", { room, ...(position && { after: position }) });
    await eventually(async () => (await instances(server)) === 1, "the end of the instance");
    // Whatever there was to tell of Bob is told with what is told of Cy.
    await ada.inbox.until(() => comingsAndGoings(ada).includes("-cy 2"), "the end of Cy");
    const { members } = await ada.ok("join_room", { room });

    expect(joined).toMatchObject({ joined: true, recovered: true });
    const resumed = joined.events.map(({ data }) => (data as { message: string }).message);
    expect([...resumed, ...textsOf(again)]).toEqual(["meanwhile"]);
    expect(comingsAndGoings(ada)).toEqual(["+ada 1", "+bob 2", "+cy 3", "-cy 2"]);
    expect(members).toEqual([
      { userId: "ada", name: "Ada", connections: 1 },
      { userId: "bob", name: "Bob", connections: 1 },
    ]);
  });
});
