import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { expectAllDelivered, startPair, took, Writer } from "./cluster.ts";

/** A network that can lose all connections without anybody being told, as one does when an address moves. */
class Network {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #generation = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const generation = this.#generation;
      const redis = connect(port, "127.0.0.1");
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

describe("connections to Redis that swallow everything", () => {
  it("TROUBLE-10 are replaced under load, too, and everything is delivered in order", async () => {
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
