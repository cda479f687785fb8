import { pause } from "../../runtime/pause.ts";
import { messageOf } from "./redis-answer.ts";
import type { RedisClient } from "./redis-client.ts";
import type { ServerFacts } from "./server-review.ts";

/** Facts about the connection that a command is sent over. */
interface Sending {
  /** The run id of the Redis server. It changes with a restart or a failover, after which the latest data may be gone. */
  runId: string;
  /** When the caller times out, in milliseconds of the Redis server's clock. */
  deadline: number;
  /** See `Clock.redisMs`. */
  redisMs: number | undefined;
}

export type Command<T> = (client: RedisClient, sending: Sending) => Promise<T>;

interface Life {
  facts: ServerFacts;
  runId: string;
  /** The Redis server's clock minus `performance.now()`. */
  clockOffset: number;
}

/** Time for the reply at most: so much before its caller times out, Redis refuses to start a command. */
const answerMs = 250;
/** How often the server is asked again, since clocks drift. */
const askEveryMs = 60_000;
const retryMs = 50;

/** The identity and the clock of the Redis server. Asked for after each connect, before any other command is sent. */
export class ServerIdentity {
  readonly #client: RedisClient;
  readonly #failed: (error: unknown) => void;
  readonly #asked: (facts: ServerFacts) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #redisMs: (() => number) | undefined;
  #life: Life | undefined;
  /** The latest known identity of the server. */
  #clockOffset = 0;
  #asking: Promise<void> | undefined;

  /** `asked` is called with each reply of the server about itself, `failed` with each error. */
  constructor(
    client: RedisClient,
    {
      asked,
      failed,
      redisMs,
    }: { asked(facts: ServerFacts): void; failed(error: unknown): void; redisMs?: (() => number) | undefined },
  ) {
    this.#client = client;
    this.#asked = asked;
    this.#failed = failed;
    this.#redisMs = redisMs;
    client.on("ready", () => {
      this.#life = undefined;
      this.ask();
    });
    this.#timer = setInterval(() => client.isReady && this.ask(), askEveryMs).unref();
  }

  /** Asks the server again. Until it replies, the earlier reply is used. */
  ask(): void {
    const asking = readLife(this.#client, this.#failed).then((life) => {
      // Ignores the reply on an earlier connection.
      if (this.#asking !== asking) return;
      this.#life = life;
      this.#clockOffset = life.clockOffset;
      this.#asked(life.facts);
    }, this.#failed);
    this.#asking = asking;
  }

  /** Sends the command, once the server's identity is known. Rejects like the command, or if there is no connection. */
  async send<T>(command: Command<T>, until: number): Promise<T> {
    if (!this.#life) await this.#asking;
    if (!this.#life) throw new Error("not connected");
    const { runId, clockOffset } = this.#life;
    const leftMs = until - performance.now();
    const deadline = until - Math.min(answerMs, leftMs / 2) + clockOffset;
    return command(this.#client, { runId, deadline, redisMs: this.#redisMs?.() });
  }

  /** The estimated time of the Redis server, without asking it: milliseconds since 1970. */
  now(): number {
    return this.#redisMs?.() ?? Math.round(performance.now() + this.#clockOffset);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** Asks until the server replies. Rejects when the connection is lost. */
async function readLife(client: RedisClient, failed: (error: unknown) => void): Promise<Life> {
  for (;;) {
    try {
      const [info, [seconds, micros], config] = await Promise.all([
        ifAllowed(client.info()),
        client.time(),
        ifAllowed(client.configGet("appendfsync")),
      ]);
      // While it loads its data, the server reports other values.
      if (/^loading:1/m.test(info ?? "")) throw new Error("LOADING Redis is loading the dataset in memory");
      return {
        facts: { info, appendfsync: config?.appendfsync },
        runId: /^run_id:(\w+)/m.exec(info ?? "")?.[1] ?? "",
        clockOffset: Number(seconds) * 1_000 + Number(micros) / 1_000 - performance.now(),
      };
    } catch (error) {
      if (!client.isReady) throw error;
      failed(error);
      await pause(retryMs);
    }
  }
}

/** The reply, or `undefined` if this user may not run the command. That is then the same for all instances. */
async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (/^NOPERM|^ERR unknown (?:sub)?command/.test(messageOf(error))) return undefined;
    throw error;
  }
}
