import { setTimeout as pause } from "node:timers/promises";
import { dialects, tokenOf } from "../load/dialects.ts";
import { Histogram } from "../load/histogram.ts";
import { inPortions } from "../load/in-portions.ts";
import { RawClient } from "../load/raw-client.ts";

interface SpeakerOptions {
  port: number;
  rooms: readonly string[];
  /** Publications a second, over all rooms. */
  rate: number;
  violated(what: string): void;
}

/** Says something in one room after the other, at a steady rate. */
export class Speaker {
  /** From a publication to its reply, in ms. */
  readonly latency = new Histogram();
  accepted = 0;
  /** Answers of `unavailable` and the like: the same is said again, until it is accepted. */
  refused = 0;
  #ids = 0;
  readonly #options: SpeakerOptions;
  readonly #client: RawClient;
  readonly #heads = new Map<string, number>();
  readonly #open = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: SpeakerOptions, client: RawClient) {
    this.#options = options;
    this.#client = client;
  }

  /** Makes the rooms. */
  static async open(options: SpeakerOptions): Promise<Speaker> {
    const auth = { token: tokenOf("speaker", ["service"]), autoJoin: false };
    const client = await RawClient.open(options.port, dialects.signalbox, auth);
    await inPortions(options.rooms, (room) => dialects.signalbox.create(client, room));
    return new Speaker(options, client);
  }

  start(): void {
    const { rooms, rate } = this.#options;
    const startedAt = performance.now();
    let said = 0;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * rate;
      // What a machine that was held up has not sent is not sent all at once.
      if (due - said > rate) said = due - rate;
      for (; said < due; said++) this.#say(rooms[Math.floor(said) % rooms.length] ?? "");
    }, 5);
  }

  /** Resolves with the offset of the last event of each room, when everything was accepted. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return this.#heads;
  }

  close(): void {
    this.#client.close();
  }

  #say(room: string): void {
    const saying = this.#ask(room).finally(() => this.#open.delete(saying));
    this.#open.add(saying);
  }

  async #ask(room: string): Promise<void> {
    const message = { conversationId: room, id: `said-${++this.#ids}`, message: "x".repeat(150) };
    const at = performance.now();
    let reply = await this.#client.request("chat_message", message);
    while (reply.includes('"retryable":true')) {
      this.refused++;
      await pause(500 * Math.random());
      reply = await this.#client.request("chat_message", message);
    }
    this.latency.add(performance.now() - at);
    const offset = Number(/"offset":(\d+)/.exec(reply)?.[1]);
    if (!reply.includes('"ok":true')) return this.#options.violated(`refused: ${reply.slice(0, 200)}`);
    this.accepted++;
    this.#heads.set(room, Math.max(offset, this.#heads.get(room) ?? 0));
  }
}
