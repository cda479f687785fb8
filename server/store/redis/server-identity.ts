import { pause } from "../../runtime/pause.ts";
import { messageOf } from "./redis-answer.ts";
import type { RedisClient } from "./redis-client.ts";
import type { ServerFacts } from "./server-review.ts";

/** What a command is told about the connection that it is sent over. */
export interface Sending {
  /** Changes with every life of the Redis server: what it had last may be gone after a restart or a failover. */
  runId: string;
  /** When the caller will have given up: milliseconds of Redis' own clock. */
  deadline: number;
}

export type Command<T> = (client: RedisClient, sending: Sending) => Promise<T>;

interface Life {
  facts: ServerFacts;
  runId: string;
  /** What is to be added to `performance.now()` to have the server's clock. */
  clockOffset: number;
}

/** By so much, at most, Redis refuses to begin a command before the caller gives up: the answer has to get through. */
const answerMs = 250;
/** Clocks drift apart. */
const askEveryMs = 60_000;
const retryMs = 50;

/** Knows the server at the other end of a connection. Asks whenever one is made, before anything is sent over it. */
export class ServerIdentity {
  readonly #client: RedisClient;
  readonly #failed: (error: unknown) => void;
  readonly #asked: (facts: ServerFacts) => void;
  readonly #timer: NodeJS.Timeout;
  #life: Life | undefined;
  #asking: Promise<void> | undefined;

  /** `asked` is called with each answer of the server about itself, `failed` with each error. */
  constructor(
    client: RedisClient,
    { asked, failed }: { asked(facts: ServerFacts): void; failed(error: unknown): void },
  ) {
    this.#client = client;
    this.#asked = asked;
    this.#failed = failed;
    client.on("ready", () => {
      this.#life = undefined;
      this.ask();
    });
    this.#timer = setInterval(() => client.isReady && this.ask(), askEveryMs).unref();
  }

  /** Asks again; until it is answered what was known is good enough. */
  ask(): void {
    const asking = readLife(this.#client, this.#failed).then((life) => {
      // Not what was told over a connection that has been lost since.
      if (this.#asking !== asking) return;
      this.#life = life;
      this.#asked(life.facts);
    }, this.#failed);
    this.#asking = asking;
  }

  /** Sends the command now, or as soon as it is known to whom. Rejects like the command, and when nobody is there. */
  async send<T>(command: Command<T>, until: number): Promise<T> {
    if (!this.#life) await this.#asking;
    if (!this.#life) throw new Error("not connected");
    const { runId, clockOffset } = this.#life;
    const leftMs = until - performance.now();
    return command(this.#client, { runId, deadline: until - Math.min(answerMs, leftMs / 2) + clockOffset });
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** Asks until it is answered; rejects when the connection is lost. */
async function readLife(client: RedisClient, failed: (error: unknown) => void): Promise<Life> {
  for (;;) {
    try {
      const [info, [seconds, micros], config] = await Promise.all([
        ifAllowed(client.info()),
        client.time(),
        ifAllowed(client.configGet("appendfsync")),
      ]);
      // It says other things of itself until it has read its data.
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

/** A server that does not tell something hides it from all instances alike. */
async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (/^NOPERM|^ERR unknown (?:sub)?command/.test(messageOf(error))) return undefined;
    throw error;
  }
}
