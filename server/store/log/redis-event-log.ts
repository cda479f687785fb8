import type { LoggedEnvelope } from "../../../shared/envelope.ts";
import type { LogName } from "../../../shared/room.ts";
import { batchesOf } from "../../runtime/batches-of.ts";
import { noteJson } from "../../runtime/event-json.ts";
import { RedisChannels } from "../redis/redis-channels.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import type { EventLog, Follower, LogBounds, LogSlice } from "./event-log.ts";
import { RedisAppendQueue } from "./redis-append-queue.ts";
import type { RedisAppending } from "./redis-appending.ts";
import { boundsScript, readBackScript, readScript } from "./redis-log-scripts.ts";

interface RedisEventLogOptions {
  redis: RedisConnections;
  appending: RedisAppending;
  keys: RedisKeys;
}

/** The number of followers that read their logs at the same time after Redis was unreachable. */
const followersAtOnce = 500;

type Entry = [id: string, fields: ["at", string, "head", string, "tail", string]];
type Answer = [bounds: [epoch: string, first: string, last: string], entries: Entry[]];

/** Keeps the logs in Redis Streams, for any number of instances. */
export function createRedisEventLog({ redis, appending, keys }: RedisEventLogOptions): EventLog {
  const channels = new RedisChannels(redis);
  const followers = new Set<Follower>();
  const queue = new RedisAppendQueue(redis, appending);
  const { known } = appending;

  function toSlice(name: LogName, [[epoch, first, last], entries]: Answer): LogSlice {
    const bounds: LogBounds = { epoch, first: Number(first), last: Number(last) };
    known.note(name, { epoch, offset: bounds.last });
    const events = entries.map(([id, [, , , head, , tail]]) => {
      const position = JSON.stringify({ epoch, offset: Number.parseInt(id, 10) });
      // Not validated again: only the append script writes entries.
      return JSON.parse(`${head}"position":${position}${tail}`) as LoggedEnvelope;
    });
    return { bounds, events };
  }

  redis.onRestored(() => void interrupt([...followers]));

  /** Interrupts followers in portions, since each then reads from Redis: the next portion waits for the one before. */
  async function interrupt(all: Follower[]): Promise<void> {
    for (const portion of batchesOf(all, followersAtOnce)) {
      for (const follower of portion) if (followers.has(follower)) follower.interrupted();
      // If it fails, Redis is unreachable again, and all followers are interrupted once more when it is back.
      await redis.attempt((client) => client.ping()).catch(() => {});
    }
  }

  return {
    append: (name, event, dedupe) => queue.add(name, { event, dedupe }),

    async read(name, after, limit) {
      const { events, meta } = keys.log(name);
      const args = [...appending.preludeArgs(name), `${after + 1}-0`, limit];
      return toSlice(name, await readScript.run<Answer>(redis, [events, meta], args));
    },

    async readBack(name, before, limit) {
      const { events, meta } = keys.log(name);
      const end = before === undefined ? "+" : `${Math.max(0, before - 1)}-9`;
      const args = [...appending.preludeArgs(name), end, limit];
      const { bounds, events: newest } = toSlice(name, await readBackScript.run<Answer>(redis, [events, meta], args));
      return { bounds, events: newest.reverse() };
    },

    async bounds(name) {
      const { events, meta } = keys.log(name);
      return toSlice(name, await boundsScript.run<Answer>(redis, [events, meta], appending.preludeArgs(name))).bounds;
    },

    async follow(name, follower) {
      const stop = await channels.listen(keys.log(name).channel, (message) => {
        for (const line of message.split("\n")) {
          const event = JSON.parse(line) as LoggedEnvelope;
          noteJson(event, line);
          known.note(name, event.position);
          follower.announced(event);
        }
      });
      followers.add(follower);
      return () => {
        followers.delete(follower);
        stop();
      };
    },
  };
}
