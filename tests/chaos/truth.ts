import { createClient } from "redis";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { pause } from "./roamer.ts";

const pageSize = 1_000;
const pollMs = 250;

/** One log as it is in Redis, in the order of the stream. */
export class Truth {
  readonly room: string;
  readonly events: LoggedEnvelope[] = [];
  readonly #key: string;
  #lastId = "-";
  readonly #indexes = new Map<string, number>();

  constructor(room: string, prefix: string) {
    this.room = room;
    this.#key = `${prefix}:{log:${room}}:events`;
  }

  /** Where in the order the event at a position is. */
  indexOf(position: { epoch: string; offset: number }): number | undefined {
    return this.#indexes.get(`${position.epoch}:${position.offset}`);
  }

  /** How many events there are up to and with a position, or `undefined` if it is of another epoch. */
  countUpTo(position: { epoch: string; offset: number }): number | undefined {
    const index = this.indexOf(position);
    if (index !== undefined) return index + 1;
    // A place between two events: offsets that were left out when Redis came back.
    if (this.events.length > 0 && !this.events.some((event) => event.position.epoch === position.epoch))
      return undefined;
    return this.events.findLastIndex((event) => event.position.offset <= position.offset) + 1;
  }

  /** Reads what has come since. */
  async read(client: Client): Promise<void> {
    for (;;) {
      const start = this.#lastId === "-" ? "-" : `(${this.#lastId}`;
      const entries = (await client.xRange(this.#key, start, "+", { COUNT: pageSize })) ?? [];
      for (const { id, message } of entries) {
        const event = JSON.parse(String(message.event)) as LoggedEnvelope;
        this.#indexes.set(`${event.position.epoch}:${event.position.offset}`, this.events.length);
        this.events.push(event);
        this.#lastId = id;
      }
      if (entries.length < pageSize) return;
    }
  }

  /** What is wrong with the log as it is now, if it is not what was read all along. */
  async compare(client: Client): Promise<string[]> {
    const faults: string[] = [];
    const entries = (await client.xRange(this.#key, "-", "+")) ?? [];
    if (entries.length !== this.events.length) {
      faults.push(`${this.room}: has ${entries.length} events at the end, and had ${this.events.length}`);
    }
    for (const [index, { id, message }] of entries.entries()) {
      const now = JSON.parse(String(message.event)) as LoggedEnvelope;
      const before = this.events[index];
      if (JSON.stringify(now) !== JSON.stringify(before)) faults.push(`${this.room}: ${id} is not what it was`);
      if (id !== `${now.position.offset}-1`)
        faults.push(`${this.room}: ${id} says that it is at ${now.position.offset}`);
    }
    return faults;
  }
}

type Client = ReturnType<typeof connectTo>;

function connectTo(url: string) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    pingInterval: 1_000,
    socket: { socketTimeout: 10_000, reconnectStrategy: () => 100 },
  });
  client.on("error", () => {});
  return client;
}

/** Reads the logs all the time, beside the server and not through the proxies. */
export class TruthReader {
  readonly truths: ReadonlyMap<string, Truth>;
  readonly #client: Client;
  #closed = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(url: string, rooms: readonly string[], prefix = "signalbox") {
    this.#client = connectTo(url);
    this.truths = new Map(rooms.map((room) => [room, new Truth(room, prefix)]));
  }

  async start(): Promise<void> {
    await this.#client.connect();
    this.#reading = this.#run();
  }

  /** Everything that is there now. */
  async finish(): Promise<string[]> {
    this.#closed = true;
    await this.#reading;
    const faults: string[] = [];
    for (const truth of this.truths.values()) {
      await truth.read(this.#client);
      faults.push(...(await truth.compare(this.#client)));
    }
    this.#client.destroy();
    return faults;
  }

  destroy(): void {
    this.#closed = true;
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        for (const truth of this.truths.values()) await truth.read(this.#client);
      } catch {
        // Redis is down. What it has is read when it is back.
      }
      await pause(pollMs);
    }
  }
}
