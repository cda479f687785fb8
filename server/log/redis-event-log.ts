import { randomBytes } from "node:crypto";
import type { Envelope, LoggedEnvelope } from "../../shared/envelope.ts";
import type { EventId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import type { LogName } from "../../shared/room.ts";
import type { Clock } from "../clock.ts";
import { bounded, type RedisConnections } from "../redis/redis-connections.ts";
import { RedisScript } from "../redis/redis-script.ts";
import {
  type Appended,
  dedupeWindowMs,
  type EventLog,
  type Follower,
  type LogBounds,
  type LogSlice,
} from "./event-log.ts";

export interface RedisEventLogOptions {
  redis: RedisConnections;
  clock: Clock;
  prefix: string;
  maxEvents: number;
  ttlSeconds: number;
}

/**
 * Keys of a log, with `{…}` so that they share a slot:
 *   prefix:{log:NAME}:events   stream, one entry per event; its ids are the offsets
 *   prefix:{log:NAME}:meta     hash: epoch, offset of the last event, run id of the server that took it
 *   prefix:{log:NAME}:id:KEY   the answer that an idempotency key was given
 * and the channel prefix:{log:NAME} on which appends are announced.
 */
const keysOf = (prefix: string, name: LogName) => {
  const base = `${prefix}:{log:${name}}`;
  return { events: `${base}:events`, meta: `${base}:meta`, id: (key: string) => `${base}:id:${key}`, channel: base };
};

/** An event whose publisher gave no key can be appended twice only by a retry, and that is over by then. */
const retryWindowMs = 30_000;
/** Offsets that a log leaves out when Redis comes back from a restart: what it lost had some of them. */
const jump = 1_000_000;
/** Logs whose last position an instance remembers. */
const knownLogs = 100_000;

/**
 * What all scripts begin with.
 * KEYS: events, meta. ARGV: 1 run id, 2 and 3 the last position that this instance knows of, 4 an epoch should one be
 * needed, 5 now in ms, 6 time to live in ms.
 *
 * A server that lost its tail would give offsets of it to other events. So a log whose last event was taken by another
 * life of Redis leaves out a million offsets; and if somebody knows of an event that is no longer there, it begins a new
 * epoch, and everybody is told.
 */
const opening = `
local events, meta = KEYS[1], KEYS[2]
local now, ttl = tonumber(ARGV[5]), tonumber(ARGV[6])
local kept = redis.call('HMGET', meta, 'epoch', 'last', 'run')
local epoch, last = kept[1], tonumber(kept[2] or 0)
local known = 0
if not epoch or epoch == ARGV[2] then known = tonumber(ARGV[3]) end
if not epoch or kept[3] ~= ARGV[1] then
  if not epoch or last < known then
    epoch = ARGV[4]
    last = math.max(last, known)
    redis.call('DEL', events)
  end
  if last > 0 then last = last + ${jump} end
  redis.call('HSET', meta, 'epoch', epoch, 'last', string.format('%d', last), 'run', ARGV[1])
end
local first = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
while first and tonumber(first[2][2]) < now - ttl do
  redis.call('XDEL', events, first[1])
  first = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
end
redis.call('PEXPIRE', meta, ttl * 2)
local function bounds()
  local oldest = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
  local offset = string.format('%d', last + 1)
  if oldest then offset = string.match(oldest[1], '^%d+') end
  return {epoch, offset, string.format('%d', last)}
end
`;

/**
 * KEYS: 3 the idempotency key. ARGV: 7 channel, 8 most events kept, 9 the envelope up to its position, 10 the rest,
 * 11 window of the key in ms, 12 name of this attempt, 13 timestamp.
 */
const append = new RedisScript(`
local earlier = redis.call('GET', KEYS[3])
if earlier then
  local till, answer = string.match(earlier, '^(%d+) (.*)$')
  if tonumber(till) > tonumber(ARGV[5]) then return answer end
end
${opening}
local offset = string.format('%d', last + 1)
local envelope = ARGV[9] .. '"position":{"epoch":"' .. epoch .. '","offset":' .. offset .. '}' .. ARGV[10]
redis.call('XADD', events, 'MAXLEN', '=', ARGV[8], offset .. '-1', 'at', ARGV[5], 'event', envelope)
redis.call('HSET', meta, 'last', offset)
redis.call('PEXPIRE', events, ttl)
local answer = ARGV[12] .. ' ' .. epoch .. ' ' .. offset .. ' ' .. ARGV[13]
redis.call('SET', KEYS[3], string.format('%d', now + tonumber(ARGV[11])) .. ' ' .. answer, 'PX', ARGV[11])
redis.call('PUBLISH', ARGV[7], envelope)
return answer
`);

/** ARGV: 7 first id, 8 limit. */
const read = new RedisScript(`${opening}
return {bounds(), redis.call('XRANGE', events, ARGV[7], '+', 'COUNT', ARGV[8])}
`);

/** ARGV: 7 last id, 8 limit. */
const readBack = new RedisScript(`${opening}
return {bounds(), redis.call('XREVRANGE', events, ARGV[7], '-', 'COUNT', ARGV[8])}
`);

const readBounds = new RedisScript(`${opening}
return {bounds(), {}}
`);

type Entry = [id: string, fields: ["at", string, "event", string]];
type Answer = [bounds: [epoch: string, first: string, last: string], entries: Entry[]];

/** Keeps the logs in Redis Streams, for any number of instances. */
export function createRedisEventLog({ redis, clock, prefix, maxEvents, ttlSeconds }: RedisEventLogOptions): EventLog {
  const channels = new Map<string, Channel>();
  /** Unsubscriptions under way: a subscription that overtakes one may be ended by it. */
  const ending = new Map<string, Promise<void>>();
  /** The last position of each log that was seen here; bounded, oldest use first. */
  const known = new Map<LogName, Position>();

  const ttlMs = ttlSeconds * 1000;

  function openingArgs(name: LogName): (string | number)[] {
    const { epoch, offset } = known.get(name) ?? { epoch: "", offset: 0 };
    return [redis.runId, epoch, offset, randomBytes(4).toString("hex"), clock.now(), ttlMs];
  }

  function note(name: LogName, position: Position): void {
    const before = known.get(name);
    if (before?.epoch === position.epoch && before.offset >= position.offset) return;
    known.delete(name);
    known.set(name, position);
    const [oldest] = known.keys();
    if (known.size > knownLogs && oldest !== undefined) known.delete(oldest);
  }

  function toSlice(name: LogName, [[epoch, first, last], entries]: Answer): LogSlice {
    const bounds: LogBounds = { epoch, first: Number(first), last: Number(last) };
    note(name, { epoch, offset: bounds.last });
    // What Redis has was written by the script above.
    const events = entries.map(([, [, , , envelope]]) => JSON.parse(envelope) as LoggedEnvelope);
    return { bounds, events };
  }

  // Every listener of a channel is told of every message; `ready` comes after re-subscription.
  redis.subscriber.on("ready", () => {
    for (const { followers } of channels.values()) for (const follower of followers) follower.interrupted();
  });

  return {
    async append(name: LogName, event: Envelope, dedupe?: string): Promise<Appended> {
      const { events, meta, id, channel } = keysOf(prefix, name);
      const attempt = randomBytes(6).toString("base64url");
      const { id: eventId, type, room, timestamp, ...rest } = event;
      const head = `${JSON.stringify({ id: eventId, type, room }).slice(0, -1)},`;
      const tail = `,${JSON.stringify({ timestamp, ...rest }).slice(1)}`;
      const answer = await append.run<string>(
        redis,
        [events, meta, id(dedupe ?? `/${eventId}`)],
        [
          ...openingArgs(name),
          channel,
          maxEvents,
          head,
          tail,
          dedupe === undefined ? retryWindowMs : dedupeWindowMs,
          `${attempt}/${eventId}`,
          timestamp,
        ],
      );
      const [by = "", epoch = "", offset = "", at = ""] = answer.split(" ");
      const position: Position = { epoch, offset: Number(offset) };
      note(name, position);
      const slash = by.indexOf("/");
      return {
        id: by.slice(slash + 1) as EventId,
        position,
        timestamp: at,
        duplicate: by.slice(0, slash) !== attempt,
      };
    },

    async read(name, after, limit) {
      const { events, meta } = keysOf(prefix, name);
      const answer = await read.run<Answer>(redis, [events, meta], [...openingArgs(name), `${after + 1}-0`, limit]);
      return toSlice(name, answer);
    },

    async readBack(name, before, limit) {
      const { events, meta } = keysOf(prefix, name);
      const end = before === undefined ? "+" : `${Math.max(0, before - 1)}-9`;
      const answer = await readBack.run<Answer>(redis, [events, meta], [...openingArgs(name), end, limit]);
      const { bounds, events: newest } = toSlice(name, answer);
      return { bounds, events: newest.reverse() };
    },

    async bounds(name) {
      const { events, meta } = keysOf(prefix, name);
      return toSlice(name, await readBounds.run<Answer>(redis, [events, meta], openingArgs(name))).bounds;
    },

    async follow(name, follower) {
      const { channel: base } = keysOf(prefix, name);
      const channel = channels.get(base) ?? openChannel(name, base);
      channel.followers.add(follower);
      const unfollow = () => {
        channel.followers.delete(follower);
        if (channel.followers.size > 0 || channels.get(base) !== channel) return;
        channels.delete(base);
        // A subscription that the connection has lost ends by itself.
        const ended = redis.subscriber.unsubscribe(base, channel.heard).catch(() => {});
        ending.set(base, ended);
        void ended.then(() => ending.get(base) === ended && ending.delete(base));
      };
      try {
        await channel.subscribed;
        return unfollow;
      } catch (error) {
        unfollow();
        throw error;
      }
    },
  };

  function openChannel(name: LogName, base: string): Channel {
    const followers = new Set<Follower>();
    const heard = (message: string) => {
      const event = JSON.parse(message) as LoggedEnvelope;
      note(name, event.position);
      for (const follower of followers) follower.announced(event);
    };
    const subscribed = bounded(
      (ending.get(base) ?? Promise.resolve()).then(() => redis.subscriber.subscribe(base, heard)),
    );
    const channel: Channel = { followers, heard, subscribed };
    channels.set(base, channel);
    return channel;
  }
}

interface Channel {
  followers: Set<Follower>;
  heard(message: string): void;
  subscribed: Promise<void>;
}
