import { randomBytes } from "node:crypto";
import type { Envelope } from "../../../shared/envelope.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { LogName } from "../../../shared/room.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import { type Appended, dedupeWindowMs } from "./event-log.ts";
import { KnownPositions } from "./known-positions.ts";
import { jump } from "./redis-log-scripts.ts";

interface RedisLogOptions {
  keys: RedisKeys;
  /** Events kept per log. */
  maxEvents: number;
  /** Age at which an event is dropped, in seconds. */
  ttlSeconds: number;
}

/** An event on its way into a log. */
export interface Addition {
  event: Envelope;
  /** See `EventLog.append`. */
  dedupe?: string | undefined;
}

/** Builds the arguments of scripts that work on logs, and reads their replies. Shared by the log and by transactions. */
export class RedisAppending {
  readonly known = new KnownPositions();
  readonly #options: RedisLogOptions;
  readonly #own = randomBytes(6).toString("hex");
  #made = 0;

  constructor(options: RedisLogOptions) {
    this.#options = options;
  }

  /** The arguments that every script on a log begins with. */
  preludeArgs(name: LogName): (string | number)[] {
    const { ttlSeconds } = this.#options;
    const { epoch, offset } = this.known.get(name) ?? { epoch: "", offset: 0 };
    return [epoch, offset, this.#uniqueName(), jump + Math.floor(Math.random() * jump), ttlSeconds * 1_000];
  }

  /** Keys and arguments of a script that appends events: all of `additions`, or the first of them up to the limits. */
  call(
    name: LogName,
    additions: readonly Addition[],
    limits: { events: number; characters: number } = { events: additions.length, characters: Number.POSITIVE_INFINITY },
  ): { keys: string[]; args: (string | number)[]; taken: number; characters: number } {
    const { maxEvents } = this.#options;
    const { events, meta, id, attempt, channel } = this.#options.keys.log(name);
    const keys = [events, meta, attempt(this.#uniqueName())];
    const args: (string | number)[] = [];
    let taken = 0;
    let characters = 0;
    for (const { event, dedupe } of additions) {
      if (taken === limits.events || characters > limits.characters) break;
      taken++;
      const { id: eventId, type, room, timestamp, ...rest } = event;
      const head = `${JSON.stringify({ id: eventId, type, room }).slice(0, -1)},`;
      const tail = `,${JSON.stringify({ timestamp, ...rest }).slice(1)}`;
      characters += head.length + tail.length;
      if (dedupe === undefined) args.push(head, tail, "", 0);
      else args.push(head, tail, JSON.stringify({ id: eventId, timestamp }), keys.push(id(dedupe)));
    }
    return {
      keys,
      args: [...this.preludeArgs(name), channel, maxEvents, dedupeWindowMs, taken, ...args],
      taken,
      characters,
    };
  }

  /** Reads the reply of a script that appends: the result of each event. */
  read(name: LogName, additions: readonly Addition[], answer: string): Appended[] {
    const [epoch = "", ...lines] = answer.split("\n");
    return additions.map(({ event: { id, timestamp } }, index): Appended => {
      const line = lines[index] ?? "";
      const earlier = /^(\S+) (\d+) (.*)$/s.exec(line);
      if (earlier) {
        const [, ofEpoch = "", offset, reply = ""] = earlier;
        const first = JSON.parse(reply) as { id: EventId; timestamp: string };
        // Not noted as a known position: this epoch may have ended since.
        return { ...first, position: { epoch: ofEpoch, offset: Number(offset) }, duplicate: true };
      }
      const position = { epoch, offset: Number(line) };
      this.known.note(name, position);
      return { id, position, timestamp, duplicate: false };
    });
  }

  /** A name that is unique over all instances. */
  #uniqueName(): string {
    return `${this.#own}${(this.#made++).toString(36)}`;
  }
}
