import type { LogName } from "../../../shared/room.ts";
import { EndOfTurn } from "../../runtime/end-of-turn.ts";
import { refusalOf } from "../redis/redis-answer.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { Appended } from "./event-log.ts";
import type { Addition, RedisAppending } from "./redis-appending.ts";
import { appendScript } from "./redis-log-scripts.ts";

interface Waiting extends Addition {
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** The part of a script call that is about one log. */
interface Part {
  name: LogName;
  batch: Waiting[];
  keys: string[];
  args: (string | number)[];
}

/** Limits of one script call, which then blocks Redis for a millisecond or two. */
const mostAtOnce = { events: 200, characters: 1_000_000 };

/**
 * Sends the appends of one turn of the event loop, to all logs, in as few script calls as possible. While a call for a
 * log is under way, further events of this log are collected: the higher the load, the cheaper each append becomes.
 */
export class RedisAppendQueue {
  readonly #redis: RedisConnections;
  readonly #appending: RedisAppending;
  /** The waiting appends of each log. The log that has waited longest comes first. */
  readonly #waiting = new Map<LogName, Waiting[]>();
  readonly #underWay = new Set<LogName>();
  readonly #scheduled = new EndOfTurn<void>(() => this.#sendAll());

  constructor(redis: RedisConnections, appending: RedisAppending) {
    this.#redis = redis;
    this.#appending = appending;
  }

  add(name: LogName, addition: Addition): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name);
      if (waiting) waiting.push({ ...addition, resolve, reject });
      else this.#waiting.set(name, [{ ...addition, resolve, reject }]);
      this.#scheduled.add();
    });
  }

  #sendAll(): void {
    let parts: Part[] = [];
    let left = { ...mostAtOnce };
    for (const [name, waiting] of this.#waiting) {
      // One call at a time per log: if a call fails, later events must not be in the log without the earlier ones.
      if (this.#underWay.has(name)) continue;
      const { keys, args, taken, characters } = this.#appending.call(name, waiting, left);
      const batch = waiting.splice(0, taken);
      if (waiting.length === 0) this.#waiting.delete(name);
      this.#underWay.add(name);
      parts.push({ name, batch, keys, args });
      left = { events: left.events - taken, characters: left.characters - characters };
      if (left.events > 0 && left.characters > 0) continue;
      void this.#send(parts);
      parts = [];
      left = { ...mostAtOnce };
    }
    if (parts.length > 0) void this.#send(parts);
  }

  async #send(parts: readonly Part[]): Promise<void> {
    const keys = parts.flatMap((part) => part.keys);
    const args = parts.flatMap((part) => [part.keys.length, part.args.length, ...part.args]);
    try {
      const answers = await appendScript.run<string[]>(this.#redis, keys, [parts.length, ...args]);
      for (const [index, part] of parts.entries()) this.#answer(part, answers[index] ?? "!no answer");
    } catch (error) {
      for (const part of parts) this.#fail(part, error);
    }
    if (this.#waiting.size > 0) this.#scheduled.add();
  }

  #answer(part: Part, answer: string): void {
    if (answer.startsWith("!")) {
      const error = new Error(answer.slice(1));
      return this.#fail(part, refusalOf(error) ?? error);
    }
    this.#underWay.delete(part.name);
    const appended = this.#appending.read(part.name, part.batch, answer);
    for (const [index, { resolve }] of part.batch.entries()) resolve(appended[index] as Appended);
  }

  #fail({ name, batch }: Part, error: unknown): void {
    this.#underWay.delete(name);
    for (const { reject } of batch) reject(error);
    // Later events must not be in the log without the earlier ones, so the waiting appends fail too.
    for (const { reject } of this.#waiting.get(name) ?? []) reject(error);
    this.#waiting.delete(name);
  }
}
