import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { eventually } from "../support/within.ts";
import {
  allReady,
  conversationId,
  expectAllDelivered,
  heard,
  room,
  say,
  sharedEnv,
  startInstances,
  startPair,
  took,
  Writer,
} from "./cluster.ts";

/** A network that can lose all connections without anybody being told, as one does when an address moves. */
class Network {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #generation = 0;
  #port: number;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => {
      const generation = this.#generation;
      const redis = connect(this.#port, "127.0.0.1");
      for (const [from, to] of [
        [client, redis],
        [redis, client],
      ] as const) {
        this.#sockets.add(from);
        from.on("data", (bytes) => generation === this.#generation && to.write(bytes));
        from.on("error", () => {});
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  static async start(port: number): Promise<Network> {
    const network = new Network(port);
    network.#server.listen(0, "127.0.0.1");
    await once(network.#server, "listening");
    return network;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What goes over the connections that there are is swallowed from now on; new ones are good. */
  swallow(): void {
    this.#generation++;
  }

  /** New connections go to another server from now on; those that there are stay where they are. */
  leadTo(port: number): void {
    this.#port = port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

let redis: RedisServer;
let network: Network;
beforeEach(async () => {
  redis = await RedisServer.start();
  network = await Network.start(redis.port);
}, installationMs);
afterEach(async () => {
  await network.close();
  await redis.close();
});

describe("connections to Redis that hang without an error", () => {
  it("TROUBLE-10 they are replaced, even under load, and everything is delivered in order", async () => {
    const { ada, bob, cy, dan, all } = await startPair(network);
    const writers = [ada, bob, cy, dan].map((client, index) => new Writer(client, `w${index}`));
    await took(() => writers.every(({ accepted }) => accepted.length > 20), "some load");

    const before = writers.map(({ accepted }) => accepted.length);
    network.swallow();
    const ms = await took(
      () => writers.every(({ accepted }, i) => accepted.length > (before[i] ?? 0) + 20),
      "more load",
    );
    await Promise.all(writers.map((writer) => writer.stop()));

    expect(ms).toBeLessThan(8_000);
    await expectAllDelivered(all, writers);
  });
});

describe("a removal whose broadcast an instance misses", () => {
  it("TROUBLE-14 it takes effect when the instance receives broadcasts again", async () => {
    const env = await sharedEnv(redis);
    const [a] = await startInstances(env, ["A"]);
    const [b] = await startInstances({ ...env, REDIS_URL: network.url }, ["B"]);
    const ada = await a.connect("ada");
    const bob = await b.connect("bob");
    const cy = await b.connect("cy");
    await ada.ok("conversation.create", { id: conversationId, members: ["bob", "cy"] });
    for (const client of [bob, cy]) await client.ok("join_room", { room });

    network.swallow();
    await ada.ok("conversation.remove_member", { conversationId, userId: "bob" });
    const left = await bob.inbox.one("system.room.left");
    await say(ada, "without Bob");
    await heard(cy, "without Bob");

    expect(left).toEqual({ room, reason: "removed" });
    expect(cy.inbox.of("system.room.left")).toEqual([]);
    expect(bob.inbox.of("chat_message")).toEqual([]);
  });
});

/** How far a server has written, or copied. */
const offsetOf = async (server: RedisServer, name: string) =>
  new RegExp(`${name}:(\\d+)`).exec(String(await server.command("INFO", "replication")))?.[1];

describe("a Redis that has become a replica", () => {
  it("TROUBLE-15 the server connects to the new primary at the address, and nothing is lost", async () => {
    // By itself it waits for five seconds whether there are more copies to be made.
    await redis.command("CONFIG", "SET", "repl-diskless-sync-delay", "0");
    const successor = await RedisServer.start(["--replicaof", `127.0.0.1 ${redis.port}`]);
    try {
      const { a, b, ada, cy, all } = await startPair(network);
      const before = [ada, cy].map((client, index) => new Writer(client, `before${index}`));
      await took(() => before.every(({ accepted }) => accepted.length > 10), "some load");
      await Promise.all(before.map((writer) => writer.stop()));
      const isCopied = async () => /master_link_status:up/.test(String(await successor.command("INFO", "replication")));
      await eventually(isCopied, "the copy");
      const writtenTo = async () => Number(await offsetOf(redis, "master_repl_offset"));
      const copiedTo = async () => Number(await offsetOf(successor, "slave_repl_offset"));
      const written = await writtenTo();
      await eventually(async () => (await copiedTo()) >= written, "the copy of all that was accepted");

      await successor.command("REPLICAOF", "NO", "ONE");
      await redis.command("REPLICAOF", "127.0.0.1", String(successor.port));
      network.leadTo(successor.port);
      const after = [ada, cy].map((client, index) => new Writer(client, `after${index}`));
      await took(() => after.every(({ accepted }) => accepted.length > 10), "more load");
      await Promise.all(after.map((writer) => writer.stop()));

      await expectAllDelivered(all, [...before, ...after]);
      await allReady([a, b]);
    } finally {
      await successor.close();
    }
  });
});
