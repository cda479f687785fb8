import { randomBytes } from "node:crypto";
import type { Envelope, LoggedEnvelope } from "../../shared/envelope.ts";
import type { EventId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import type { LogName } from "../../shared/room.ts";
import type { Clock } from "../clock.ts";
import { RedisChannels } from "../redis/redis-channels.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
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
 *   prefix:{log:NAME}:events   stream, one entry per event; its ids are the offsets, and `head` and `tail` the envelope
 *                              up to its position and after it, since a position's epoch may change
 *   prefix:{log:NAME}:meta     hash: epoch, last (offset of the last event), run (id of the Redis that took it),
 *                              gone (offset of the newest event that is not kept any more), start (first offset that
 *                              belongs to the epoch), from and floor (offsets above the one and up to the other are
 *                              left out), fresh (when the keys' time to live was last set, in ms of Redis)
 *   prefix:{log:NAME}:id:KEY   the answer that an idempotency key was given
 * and the channel prefix:{log:NAME} on which appends are announced. All of them expire.
 */
const keysOf = (prefix: string, name: LogName) => {
  const base = `${prefix}:{log:${name}}`;
  return { events: `${base}:events`, meta: `${base}:meta`, id: (key: string) => `${base}:id:${key}`, channel: base };
};

/** An event whose publisher gave no key can be appended twice only by a retry, and that is over by then. */
const retryWindowMs = 30_000;
/**
 * At least so many offsets are left out when Redis comes back from a restart, since what it lost had some of them. How
 * many more is random: it may lose the end of what it took after that, too, and come back to the same place.
 */
const jump = 1_000_000;
/** Logs whose last position an instance remembers. */
const knownLogs = 100_000;
/** How many followers look into their logs at once when Redis is back. */
const followersAtOnce = 500;

/**
 * What all scripts begin with.
 * KEYS: events, meta. ARGV: 1 and 2 the last position that this instance knows of, 3 an epoch should one be needed,
 * 4 how many offsets to leave out, 5 now in ms, 6 time to live in ms.
 *
 * A server that lost its tail would give offsets of it to other events. So a log whose last event was taken by another
 * life of Redis leaves out a million offsets:
 *
 *   1 … 17 | lost: 18 … 25 | left out up to 1000017 | 1000018 …
 *        from                                   floor
 *
 * An instance that knows of 25 gives the loss away, also when others have appended since. Then a new epoch begins, of
 * which what was appended since is a part and what was before the loss is not, so that everybody is told.
 */
const opening = `
local events, meta = KEYS[1], KEYS[2]
local ttl = tonumber(ARGV[6])
local kept = redis.call('HMGET', meta, 'epoch', 'last', 'run', 'start', 'floor', 'from', 'gone', 'fresh')
local epoch, last, start = kept[1], tonumber(kept[2] or 0), tonumber(kept[4] or 1)
local floor, from, gone = tonumber(kept[5] or 0), tonumber(kept[6] or -1), tonumber(kept[7] or 0)
local function number(n) return string.format('%d', n) end
local function oldest()
  local entry = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
  if entry then return tonumber(string.match(entry[1], '^%d+')), entry end
end
local function dropExpired()
  local offset, entry = oldest()
  local droppedTo
  while offset and tonumber(entry[2][2]) < tonumber(ARGV[5]) - ttl do
    redis.call('XDEL', events, entry[1])
    droppedTo = offset
    offset, entry = oldest()
  end
  if not offset then gone = last elseif droppedTo then gone = droppedTo end
  if droppedTo then redis.call('HSET', meta, 'gone', number(gone)) end
end
-- A hundredth of the time to live is as good as every time, and costs a hundredth.
local function keepAlive(isNew)
  if not isNew and millis < tonumber(kept[8] or 0) + ttl / 100 then return end
  redis.call('HSET', meta, 'fresh', number(millis))
  redis.call('PEXPIRE', events, number(ttl * 1.02))
  redis.call('PEXPIRE', meta, ttl * 3)
end
if not epoch then
  epoch, last, start, floor, from, gone = ARGV[3], 0, 1, 0, -1, 0
  redis.call('HSET', meta, 'epoch', epoch, 'run', run)
  redis.call('DEL', events)
else
  local known = 0
  if epoch == ARGV[1] then known = tonumber(ARGV[2]) end
  if kept[3] ~= run and last > 0 then
    from, floor = last, math.max(last, floor) + tonumber(ARGV[4])
  end
  if known > last or (from >= 0 and known > from and known <= floor) then
    if from < 0 or known > floor then from = last end
    epoch, start, floor, from = ARGV[3], from + 1, math.max(floor, known) + tonumber(ARGV[4]), -1
  end
  if kept[3] ~= run or epoch ~= kept[1] then
    redis.call('HSET', meta, 'epoch', epoch, 'run', run,
      'start', number(start), 'floor', number(floor), 'from', number(from))
  end
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
local offset = number(math.max(last, floor) + 1)
local length = redis.call('XLEN', events)
local excess = length + 1 - tonumber(ARGV[8])
if length == 0 then
  gone = last
elseif excess > 0 then
  -- As long as nothing was ever left out the next one to go is the next one.
  if floor == 0 then gone = gone + excess elseif excess == 1 then gone = oldest() end
end
-- The first command that needs memory: a script that has changed something is not refused any more.
redis.call('XADD', events, 'MAXLEN', '=', ARGV[8], offset .. '-1', 'at', ARGV[5], 'head', ARGV[9], 'tail', ARGV[10])
if floor > 0 and excess > 1 then gone = oldest() - 1 end
last = tonumber(offset)
redis.call('HSET', meta, 'last', offset, 'gone', number(gone))
keepAlive(length == 0)
if last % 16 == 0 then dropExpired() end
local answer = ARGV[12] .. ' ' .. epoch .. ' ' .. offset .. ' ' .. ARGV[13]
redis.call('SET', KEYS[3], number(tonumber(ARGV[5]) + tonumber(ARGV[11])) .. ' ' .. answer, 'PX', ARGV[11])
redis.call('PUBLISH', ARGV[7], ARGV[9] .. '"position":{"epoch":"' .. epoch .. '","offset":' .. offset .. '}' .. ARGV[10])
return answer
`);

/** What the scripts that read end with: the log's bounds, and entries. */
const answerWith = (entries: string) => `${opening}
dropExpired()
-- Without memory there is still reading, and nothing to keep alive for.
pcall(keepAlive)
local entries = ${entries}
return {{epoch, number(math.max(gone + 1, start)), number(last)}, entries}
`;

/** ARGV: 7 first id, 8 limit. */
const read = new RedisScript(answerWith("redis.call('XRANGE', events, ARGV[7], '+', 'COUNT', ARGV[8])"));

/** ARGV: 7 last id, 8 limit. */
const readBack = new RedisScript(answerWith("redis.call('XREVRANGE', events, ARGV[7], '-', 'COUNT', ARGV[8])"));

const readBounds = new RedisScript(answerWith("{}"));

type Entry = [id: string, fields: ["at", string, "head", string, "tail", string]];
type Answer = [bounds: [epoch: string, first: string, last: string], entries: Entry[]];

/** Keeps the logs in Redis Streams, for any number of instances. */
export function createRedisEventLog({ redis, clock, prefix, maxEvents, ttlSeconds }: RedisEventLogOptions): EventLog {
  const channels = new RedisChannels(redis.subscriber);
  const followers = new Set<Follower>();
  /** The last position of each log that was seen here; oldest use first. */
  const known = new Map<LogName, Position>();

  const ttlMs = ttlSeconds * 1000;
  const own = randomBytes(6).toString("hex");
  let made = 0;

  /** A name that nobody else gives, and this log once only. */
  const uniqueName = () => `${own}${(made++).toString(36)}`;

  function openingArgs(name: LogName): (string | number)[] {
    const { epoch, offset } = known.get(name) ?? { epoch: "", offset: 0 };
    return [epoch, offset, uniqueName(), jump + Math.floor(Math.random() * jump), clock.now(), ttlMs];
  }

  function note(name: LogName, position: Position): void {
    const before = known.get(name);
    if (before?.epoch === position.epoch && before.offset >= position.offset) return;
    known.delete(name);
    known.set(name, position);
    if (known.size > knownLogs) forgetSome();
  }

  /** Many at once: the first key of a map is the slower to find the more were deleted before it. */
  function forgetSome(): void {
    let excess = knownLogs / 10;
    for (const name of known.keys()) {
      if (excess-- <= 0) return;
      known.delete(name);
    }
  }

  function toSlice(name: LogName, [[epoch, first, last], entries]: Answer): LogSlice {
    const bounds: LogBounds = { epoch, first: Number(first), last: Number(last) };
    note(name, { epoch, offset: bounds.last });
    const events = entries.map(([id, [, , , head, , tail]]) => {
      const position = JSON.stringify({ epoch, offset: Number.parseInt(id, 10) });
      // What Redis has was written by the script above.
      return JSON.parse(`${head}"position":${position}${tail}`) as LoggedEnvelope;
    });
    return { bounds, events };
  }

  redis.onRestored(() => void interrupt([...followers]));

  /** Everybody asks Redis something then: in portions, each of which is answered before the next one asks. */
  async function interrupt(all: Follower[]): Promise<void> {
    for (let next = 0; next < all.length; next += followersAtOnce) {
      for (const follower of all.slice(next, next + followersAtOnce))
        if (followers.has(follower)) follower.interrupted();
      // Should it fail, Redis is away again, and they are told again when it is back.
      await redis.attempt((client) => client.ping()).catch(() => {});
    }
  }

  return {
    async append(name: LogName, event: Envelope, dedupe?: string): Promise<Appended> {
      const { events, meta, id, channel } = keysOf(prefix, name);
      const attempt = uniqueName();
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
      const slash = by.indexOf("/");
      const duplicate = by.slice(0, slash) !== attempt;
      // The answer to a duplicate may be of an epoch that has ended.
      if (!duplicate) note(name, position);
      return { id: by.slice(slash + 1) as EventId, position, timestamp: at, duplicate };
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
      const stop = await channels.listen(keysOf(prefix, name).channel, (message) => {
        const event = JSON.parse(message) as LoggedEnvelope;
        note(name, event.position);
        follower.announced(event);
      });
      followers.add(follower);
      return () => {
        followers.delete(follower);
        stop();
      };
    },
  };
}
