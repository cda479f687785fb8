import { setTimeout as pause } from "node:timers/promises";
import { dialects, tokenOf } from "../load/dialects.ts";
import { Histogram } from "../load/histogram.ts";
import { inPortions } from "../load/in-portions.ts";
import { RawClient } from "../load/raw-client.ts";

interface PublisherOptions {
  port: number;
  rooms: readonly string[];
  /** Publications a second, over all rooms. */
  rate: number;
  violated(what: string): void;
}

/** Publishes messages at a steady rate, in one room after another. */
export class Publisher {
  /** From a publication to its reply, in ms. */
  readonly latency = new Histogram();
  accepted = 0;
  /** Replies that may be retried, such as `unavailable`: the message is sent again until it is accepted. */
  refused = 0;
  #ids = 0;
  readonly #options: PublisherOptions;
  readonly #client: RawClient;
  readonly #heads = new Map<string, number>();
  readonly #open = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: PublisherOptions, client: RawClient) {
    this.#options = options;
    this.#client = client;
  }

  /** Connects, and creates the rooms. */
  static async open(options: PublisherOptions): Promise<Publisher> {
    const auth = { token: tokenOf("publisher", ["service"]), autoJoin: false };
    const client = await RawClient.open(options.port, dialects.signalbox, auth);
    await inPortions(options.rooms, (room) => dialects.signalbox.create(client, room));
    return new Publisher(options, client);
  }

  start(): void {
    const { rooms, rate } = this.#options;
    const startedAt = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * rate;
      // After a stall of the machine, the backlog is not sent all at once.
      if (due - sent > rate) sent = due - rate;
      for (; sent < due; sent++) this.#publish(rooms[Math.floor(sent) % rooms.length] ?? "");
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

  #publish(room: string): void {
    const publishing = this.#sendUntilAccepted(room).finally(() => this.#open.delete(publishing));
    this.#open.add(publishing);
  }

  async #sendUntilAccepted(room: string): Promise<void> {
    const message = { conversationId: room, id: `message-${++this.#ids}`, message: "x".repeat(150) };
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
