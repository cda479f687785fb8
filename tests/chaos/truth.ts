import { isDeepStrictEqual } from "node:util";
import { createClient } from "redis";
import { type RedisKeys, redisKeys } from "../../server/store/redis/redis-keys.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { LogName } from "../../shared/room.ts";
import { pause } from "./roamer.ts";

const pageSize = 1_000;
const pollMs = 50;

type Entries = NonNullable<Awaited<ReturnType<Client["xRange"]>>>;

/** One log as it is in Redis, in the order of the stream. */
export class Truth {
  readonly room: string;
  /** How many events the server keeps of it. */
  readonly kept: number;
  readonly events: LoggedEnvelope[] = [];
  /** More than one only if history was lost. */
  readonly epochs = new Set<string>();
  readonly #base: string;
  #lastId: string | undefined;
  /** What was announced and is not read yet. */
  #announced: LoggedEnvelope[] = [];
  readonly #indexes = new Map<number, number>();

  constructor(room: string, prefix: string, kept: number) {
    this.room = room;
    this.kept = kept;
    this.#base = `${prefix}:{log:${room}}`;
  }

  /** Where in the order the event at a position is. */
  indexOf({ epoch, offset }: Position): number | undefined {
    return this.epochs.has(epoch) ? this.#indexes.get(offset) : undefined;
  }

  /** How many events there are up to and with a position, or `undefined` if it is of an epoch that there was not. */
  countUpTo({ epoch, offset }: Position): number | undefined {
    if (!this.epochs.has(epoch)) return undefined;
    const index = this.#indexes.get(offset);
    // Else a place between two events: offsets that were left out when Redis came back.
    return (index ?? this.events.findLastIndex((event) => event.position.offset <= offset)) + 1;
  }

  /** How many events there were at a time. */
  countAt(time: number): number {
    return this.events.findLastIndex((event) => Date.parse(event.timestamp) <= time) + 1;
  }

  /** One that keeps little may have dropped it again by the time it is read. */
  announced(event: LoggedEnvelope): void {
    this.#announced.push(event);
  }

  /** Reads what has come since. */
  async read(client: Client): Promise<void> {
    for (;;) {
      const epoch = await this.#epoch(client);
      const entries = await this.#entries(client, this.#lastId === undefined ? "-" : `(${this.#lastId}`, pageSize);
      for (const { id, message } of entries) {
        const event = toEvent(id, message, epoch);
        for (const dropped of this.#announced) if (dropped.position.offset < event.position.offset) this.#take(dropped);
        this.#take(event);
        this.#lastId = id;
      }
      this.#announced = this.#announced.filter(({ position }) => position.offset > this.#lastOffset);
      if (entries.length < pageSize) return;
    }
  }

  get #lastOffset(): number {
    return this.events.at(-1)?.position.offset ?? 0;
  }

  #take(event: LoggedEnvelope): void {
    if (event.position.offset <= this.#lastOffset) return;
    this.#indexes.set(event.position.offset, this.events.length);
    this.events.push(event);
  }

  /** What is wrong with the log as it is now, if it is not what was read all along. */
  async compare(client: Client): Promise<string[]> {
    const faults: string[] = [];
    const epoch = await this.#epoch(client);
    if (this.epochs.size > 1) faults.push(`${this.room}: had the epochs ${[...this.epochs].join(", ")}`);
    const entries = await this.#entries(client, "-", 100_000_000);
    const due = this.events.slice(-this.kept);
    if (entries.length !== due.length) {
      faults.push(`${this.room}: has ${entries.length} events at the end, and ${due.length} are due`);
    }
    for (const [index, { id, message }] of entries.entries()) {
      const now = toEvent(id, message, epoch);
      const before = due[index];
      // The epoch of its position may have changed.
      if (!isDeepStrictEqual(now, before && { ...before, position: now.position }))
        faults.push(`${this.room}: ${id} is not what it was`);
    }
    return faults;
  }

  async #epoch(client: Client): Promise<string> {
    const epoch = await client.hGet(`${this.#base}:meta`, "epoch");
    if (epoch) this.epochs.add(String(epoch));
    return String(epoch ?? "");
  }

  async #entries(client: Client, start: string, limit: number): Promise<Entries> {
    return (await client.xRange(`${this.#base}:events`, start, "+", { COUNT: limit })) ?? [];
  }
}

/** As the server keeps it: the envelope but for its position, which is the entry's id in the log's epoch. */
function toEvent(id: string, { head, tail }: Entries[number]["message"], epoch: string): LoggedEnvelope {
  const position = JSON.stringify({ epoch, offset: Number.parseInt(id, 10) });
  return JSON.parse(`${head}"position":${position}${tail}`) as LoggedEnvelope;
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

/** Reads the logs all the time, and hears what is announced, beside the server and not through the proxies. */
export class TruthReader {
  readonly truths: ReadonlyMap<string, Truth>;
  readonly #client: Client;
  readonly #subscriber: Client;
  readonly #keys: RedisKeys;
  #closed = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(url: string, rooms: readonly string[], kept: number, prefix = "signalbox") {
    this.#client = connectTo(url);
    this.#subscriber = connectTo(url);
    this.#keys = redisKeys(prefix, url);
    this.truths = new Map(rooms.map((room) => [room, new Truth(room, prefix, kept)]));
  }

  async start(): Promise<void> {
    await Promise.all([this.#client.connect(), this.#subscriber.connect()]);
    for (const truth of this.truths.values()) {
      await this.#subscriber.subscribe(this.#keys.log(truth.room as LogName).channel, (lines) => {
        for (const line of lines.split("\n")) truth.announced(JSON.parse(line) as LoggedEnvelope);
      });
    }
    this.#reading = this.#run();
  }

  /** Everything that is there now. */
  async finish(): Promise<string[]> {
    this.#closed = true;
    await this.#reading;
    const faults: string[] = [];
    for (const truth of this.truths.values()) faults.push(...(await this.#settled(truth)));
    this.destroy();
    return faults;
  }

  destroy(): void {
    this.#closed = true;
    for (const client of [this.#client, this.#subscriber]) if (client.isOpen) client.destroy();
  }

  /** What is wrong with a log; looked at again for as long as something came meanwhile, such as that a client has gone. */
  async #settled(truth: Truth): Promise<string[]> {
    for (let look = 1; ; look++) {
      await truth.read(this.#client);
      const { length } = truth.events;
      const faults = await truth.compare(this.#client);
      await truth.read(this.#client);
      if (truth.events.length === length || look === 10) return faults;
    }
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
