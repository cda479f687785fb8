import type { Clock } from "../clock.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import { RedisScript } from "../redis/redis-script.ts";
import { compareByActivity, decodeCursor, encodeCursor, type ListCursor } from "./cursor.ts";
import type { DocumentKind, DocumentPage, Documents, Versioned } from "./documents.ts";

/**
 * Keys, with `{…}` so that all of a kind share a slot:
 *   prefix:{KIND}:doc:ID     hash: version, json, indexes (JSON), until (ms, absent: for ever)
 *   prefix:{KIND}:at         sorted set: ids by latest activity, of documents that stand in an index
 *   prefix:{KIND}:in:INDEX   set: ids
 */
const keysOf = (prefix: string, kind: DocumentKind) => {
  const base = `${prefix}:{${kind}}`;
  return { doc: (id: string) => `${base}:doc:${id}`, at: `${base}:at`, inIndex: `${base}:in:` };
};

/**
 * KEYS: document, activity. ARGV: 1 id, 2 json, 3 expected version, 4 indexes (JSON, or empty: as before), 5 now,
 * 6 time to live in ms or 0, 7 what the keys of indexes begin with, 8 name of this attempt.
 */
const put = new RedisScript(`
local kept = redis.call('HMGET', KEYS[1], 'version', 'indexes', 'until', 'by')
if kept[4] == ARGV[8] then return 1 end
local version = tonumber(kept[1] or 0)
if kept[3] and tonumber(kept[3]) <= tonumber(ARGV[5]) then version = 0 end
if version ~= tonumber(ARGV[3]) then return 0 end
local before = kept[2] or '[]'
local indexes = ARGV[4]
if indexes == '' then indexes = before end
-- The first command that needs memory: a script that has changed something is not refused any more.
redis.call('HSET', KEYS[1], 'version', version + 1, 'json', ARGV[2], 'indexes', indexes, 'by', ARGV[8])
if indexes ~= before or version == 0 then
  for _, index in ipairs(cjson.decode(before)) do redis.call('SREM', ARGV[7] .. index, ARGV[1]) end
  local list = cjson.decode(indexes)
  for _, index in ipairs(list) do redis.call('SADD', ARGV[7] .. index, ARGV[1]) end
  if #list > 0 then redis.call('ZADD', KEYS[2], 'NX', ARGV[5], ARGV[1]) else redis.call('ZREM', KEYS[2], ARGV[1]) end
end
if ARGV[6] == '0' then
  redis.call('HDEL', KEYS[1], 'until')
  redis.call('PERSIST', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'until', tonumber(ARGV[5]) + tonumber(ARGV[6]))
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
return 1
`);

/** KEYS: activity. ARGV: 1 id, 2 at. Only what stands in an index has an activity. */
const touch = new RedisScript(`
return redis.call('ZADD', KEYS[1], 'XX', 'GT', ARGV[2], ARGV[1])
`);

/** KEYS: documents. Answers version, json and until of each. */
const read = new RedisScript(`
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HMGET', key, 'version', 'json', 'until') end
return found
`);

/** KEYS: index, activity. Answers ids and their activity. */
const members = new RedisScript(`
local ids = redis.call('SMEMBERS', KEYS[1])
local found = {}
for i, id in ipairs(ids) do found[i] = {id, redis.call('ZSCORE', KEYS[2], id) or '0'} end
return found
`);

/** Keeps the documents in Redis, for any number of instances. */
export function createRedisDocuments(options: { redis: RedisConnections; clock: Clock; prefix: string }): Documents {
  const { redis, clock, prefix } = options;

  const getMany = async <T>(kind: DocumentKind, ids: string[]): Promise<(Versioned<T> | undefined)[]> => {
    if (ids.length === 0) return [];
    const { doc } = keysOf(prefix, kind);
    type Found = [version: string | null, json: string | null, until: string | null];
    const found = await read.run<Found[]>(redis, ids.map(doc), []);
    return found.map(([version, json, until]) => {
      if (version === null || json === null) return undefined;
      if (until !== null && Number(until) <= clock.now()) return undefined;
      return { value: JSON.parse(json) as T, version: Number(version) };
    });
  };

  return {
    getMany,

    get: async <T>(kind: DocumentKind, id: string) => (await getMany<T>(kind, [id]))[0],

    async put(kind, id, value, expected, { indexes, ttlMs } = {}) {
      const { doc, at, inIndex } = keysOf(prefix, kind);
      const attempt = `${process.pid}-${Math.random().toString(36).slice(2)}`;
      const args = [
        id,
        JSON.stringify(value),
        expected,
        indexes ? JSON.stringify(indexes) : "",
        clock.now(),
        ttlMs ?? 0,
        inIndex,
        attempt,
      ];
      return (await put.run<number>(redis, [doc(id), at], args)) === 1;
    },

    async touch(kind, id, at) {
      await touch.run(redis, [keysOf(prefix, kind).at], [id, at]);
    },

    async list<T>(kind: DocumentKind, index: string, limit: number, cursor?: string): Promise<DocumentPage<T>> {
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      const keys = keysOf(prefix, kind);
      const found = await members.run<[id: string, at: string][]>(redis, [keys.inIndex + index, keys.at], []);
      const rest = found
        .map(([id, at]): ListCursor => ({ id, at: Number(at) }))
        .sort(compareByActivity)
        .filter((entry) => !after || compareByActivity(after, entry) < 0);

      const items: Versioned<T>[] = [];
      let taken = 0;
      let last: ListCursor | undefined;
      // What has expired since stands in the index still, and takes no place on the page.
      while (items.length < limit && taken < rest.length) {
        const chunk = rest.slice(taken, taken + limit - items.length);
        const read = await getMany<T>(
          kind,
          chunk.map(({ id }) => id),
        );
        for (const document of read) if (document) items.push(document);
        taken += chunk.length;
        last = chunk.at(-1);
      }
      return { items, nextCursor: last && taken < rest.length ? encodeCursor(last) : null };
    },
  };
}
