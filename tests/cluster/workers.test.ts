import { afterEach, describe, expect, it } from "@jest/globals";
import { Program } from "../support/program.ts";
import { TestClient } from "../support/test-client.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { conversationId, heard, orderOf, room, say, sharedEnv } from "./cluster.ts";

const clients: { close(): unknown }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

async function start(): Promise<{ program: Program; url: string }> {
  const program = new Program({
    ...(await sharedEnv()),
    JWT_SECRET: testSecret,
    WEB_CONCURRENCY: "2",
    DRAIN_MS: "500",
    LOG_FORMAT: "json",
  });
  const url = await program.url();
  await eventually(async () => (await instancesOf(url)) === 2, "both workers");
  return { program, url };
}

async function instancesOf(url: string): Promise<number> {
  const response = await fetch(`${url}/api/websocket/status`).catch(() => undefined);
  const { instances } = ((await response?.json().catch(() => undefined)) ?? {}) as { instances?: number };
  return instances ?? 0;
}

async function connect(url: string, sub: string, transports: string[]): Promise<TestClient> {
  // With the library's defaults: one whom a busy instance cannot let in yet comes back by itself.
  const client = new TestClient(url, "/chat", { auth: { token: tokenOf(sub) }, transports });
  clients.push(client);
  await client.inbox.one("system.connection.established");
  return client;
}

const instanceOf = (client: TestClient) =>
  client.inbox.of<{ instanceId: string }>("system.connection.established")[0]?.instanceId;

describe("workers on one port", () => {
  it("WORKERS-4 workers that cannot start end the program, which says why", async () => {
    const program = new Program({
      REDIS_URL: "redis://127.0.0.1:1",
      REDIS_PREFIX: "test",
      JWT_SECRET: testSecret,
      WEB_CONCURRENCY: "2",
    });

    const ended = await program.end();

    expect(ended).toBe(1);
    expect(program.output).toContain("REDIS_URL: cannot connect to redis://127.0.0.1:1");
    expect(program.output).toContain("A worker could not start");
  });

  it("WORKERS-1 polling, WebSocket and plain clients use the workers as one server", async () => {
    const { url } = await start();
    const transports = [
      ["polling"],
      ["polling", "websocket"],
      ["websocket"],
      ["polling"],
      ["websocket"],
      ["websocket"],
    ];
    const crowd: TestClient[] = [];
    // One after the other: each goes to the worker that has the fewest.
    for (const [index, each] of transports.entries()) crowd.push(await connect(url, `user${index}`, each));
    const plain = new TestWebSocket(`${url.replace("http", "ws")}/ws?token=${tokenOf("dan")}`);
    clients.push(plain);
    const [ada] = crowd as [TestClient];

    const members = [...crowd.map((_, index) => `user${index}`), "dan"];
    await ada.ok("conversation.create", { id: conversationId, members });
    for (const client of crowd) await client.ok("join_room", { room });
    await plain.inbox.one("system.connection.established");
    await plain.ok("join_room", { room });
    await Promise.all(crowd.map((client, index) => say(client, `from ${index}`)));
    await say(ada, "last");
    for (const client of [...crowd, plain]) await heard(client, "last");

    expect(new Set(crowd.map(instanceOf)).size).toBe(2);
    for (const client of [...crowd, plain]) expect(orderOf(client)).toEqual(orderOf(ada));
    expect(orderOf(ada)).toHaveLength(transports.length + 1);
  });

  it("METRICS-5 any worker returns the metrics of all workers", async () => {
    const { url } = await start();
    const crowd: TestClient[] = [];
    // One after the other: each goes to the worker that has the fewest.
    for (const sub of ["ada", "bob", "cy", "dan"]) crowd.push(await connect(url, sub, ["websocket"]));

    const texts = await Promise.all([1, 2, 3, 4].map(async () => (await fetch(`${url}/metrics`)).text()));

    expect(new Set(crowd.map(instanceOf)).size).toBe(2);
    for (const text of texts) {
      expect(text).toContain("signalbox_processes 2");
      expect(text).toContain('signalbox_connections{namespace="chat"} 4');
    }
  });

  it("WORKERS-2 a worker that ends is replaced", async () => {
    const { program, url } = await start();
    const client = await connect(url, "ada", ["websocket"]);
    const workers = [...program.output.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));
    const [first] = workers;
    if (first === undefined) throw new Error(`No worker said its pid:\n${program.output}`);

    process.kill(first, "SIGKILL");
    await program.says(/(worker ended)/);
    await eventually(async () => (await instancesOf(url)) === 2, "the replacement");
    const again = await connect(url, "ada", ["websocket"]);

    expect([instanceOf(client), instanceOf(again)]).not.toContain(undefined);
  });

  it("WORKERS-3 SIGTERM stops workers and program gracefully", async () => {
    const { program, url } = await start();
    const crowd = await Promise.all(["ada", "bob"].map((sub) => connect(url, sub, ["websocket"])));

    program.signal("SIGTERM");
    const closings = await Promise.all(
      crowd.map(({ inbox }) => inbox.one<{ reason: string }>("system.connection.close")),
    );
    const ended = await program.end();

    expect(closings.map(({ reason }) => reason)).toEqual(["server_shutdown", "server_shutdown"]);
    expect(ended).toBe(0);
  });
});
