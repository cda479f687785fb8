import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * What the network between one instance and Redis does:
 *   open   passes everything on
 *   cut    ends every connection, and lets none in
 *   hold   takes everything and passes nothing on; it goes out when the network is open again
 *   deaf   passes commands on and loses the answers; its connections end when the network is open again
 *   slow   passes everything on late, in order
 */
export type Network = "open" | "cut" | "hold" | "deaf" | "slow";

/** A TCP proxy between one instance and Redis, or between a client and one instance or another. */
export class NetworkProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #target: () => number;
  #network: Network = "open";
  #delayMs = 0;

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** `target` is a port, asked for with every connection where it is a function. */
  static async start(target: number | (() => number)): Promise<NetworkProxy> {
    const proxy = new NetworkProxy(typeof target === "number" ? () => target : target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set(network: Network, delayMs = 0): void {
    const before = this.#network;
    this.#network = network;
    this.#delayMs = delayMs;
    for (const pair of [...this.#pairs]) {
      if (network === "cut" || before === "deaf") pair.end();
      else pair.flush();
    }
  }

  async close(): Promise<void> {
    for (const pair of [...this.#pairs]) pair.end();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    if (this.#network === "cut") return void client.destroy();
    const redis = connect({ port: this.#target(), host: "127.0.0.1", noDelay: true });
    client.setNoDelay(true);
    const pair: Pair = new Pair(client, redis, {
      verdict: (toRedis) => {
        if (this.#network === "hold") return "hold";
        return this.#network === "deaf" && !toRedis ? "lose" : this.#delayMs;
      },
      ended: () => void this.#pairs.delete(pair),
    });
    this.#pairs.add(pair);
  }
}

interface Rules {
  /** What is to be done with bytes now: keep them, lose them, or pass them on after so many milliseconds. */
  verdict(toRedis: boolean): "hold" | "lose" | number;
  ended(): void;
}

/** One connection of the instance, and ours to Redis for it. */
class Pair {
  readonly #client: Socket;
  readonly #redis: Socket;
  readonly #lines: Line[];
  readonly #rules: Rules;

  constructor(client: Socket, redis: Socket, rules: Rules) {
    this.#client = client;
    this.#redis = redis;
    this.#rules = rules;
    this.#lines = [
      new Line(client, redis, () => rules.verdict(true)),
      new Line(redis, client, () => rules.verdict(false)),
    ];
    for (const socket of [client, redis]) {
      socket.on("error", () => {});
      socket.on("close", () => this.end());
    }
  }

  flush(): void {
    for (const line of this.#lines) line.flush();
  }

  end(): void {
    this.#client.destroy();
    this.#redis.destroy();
    this.#rules.ended();
  }
}

/** One direction. */
class Line {
  readonly #to: Socket;
  readonly #verdict: () => "hold" | "lose" | number;
  readonly #waiting: { bytes: Buffer; notBefore: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, verdict: () => "hold" | "lose" | number) {
    this.#to = to;
    this.#verdict = verdict;
    from.on("data", (bytes: Buffer) => {
      const now = verdict();
      if (now === "lose") return;
      if (now === 0 && this.#waiting.length === 0) return void to.write(bytes);
      this.#waiting.push({ bytes, notBefore: performance.now() + (now === "hold" ? 0 : now) });
      this.flush();
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const [first] = this.#waiting;
      if (!first || this.#to.destroyed || this.#verdict() === "hold") return;
      const wait = first.notBefore - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flush(), wait);
        return;
      }
      this.#waiting.shift();
      this.#to.write(first.bytes);
    }
  }
}
