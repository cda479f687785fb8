import { type LogName, monitoringLog } from "../../../shared/room.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import { RedisScript } from "../redis/redis-script.ts";
import { activityCursor, restByActivity } from "./by-activity.ts";
import {
  type DocumentKind,
  type DocumentPage,
  type Documents,
  transactionalKinds,
  type Versioned,
} from "./documents.ts";
import { documentFunctions } from "./redis-document-functions.ts";
import { RedisTouches } from "./redis-touches.ts";

/**
 * KEYS: document, activity. ARGV: 1 id, 2 json, 3 expected version, 4 indexes (JSON, or empty: unchanged), 5 time
 * to live in ms or 0, 6 prefix of the keys of indexes, 7 id of this attempt, by which a retry is recognised.
 */
const put = new RedisScript(`${documentFunctions}
local expected = tonumber(ARGV[3])
local version, before, by = versionOf(KEYS[1])
if by == ARGV[7] then return 1 end
if version ~= expected then return 0 end
writeDocument(KEYS[1], KEYS[2], ARGV[1], ARGV[2], expected + 1, before, ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7])
return 1
`);

/** KEYS: documents. Returns version and json of each. */
const read = new RedisScript(`${documentFunctions}
local found = {}
for i, key in ipairs(KEYS) do found[i] = readDocument(key) end
return found
`);

/**
 * KEYS: index, activity. ARGV: 1 prefix of the keys of documents, 2 limit of the page.
 * Returns the ids in the index and their activity, and the documents too if all of them fit on one page.
 */
const members = new RedisScript(`${documentFunctions}
local ids = redis.call('SMEMBERS', KEYS[1])
local found, documents = {}, {}
for i, id in ipairs(ids) do
  found[i] = {id, redis.call('ZSCORE', KEYS[2], id) or '0'}
  if #ids <= tonumber(ARGV[2]) then documents[i] = readDocument(ARGV[1] .. id) end
end
return {found, documents}
`);

type Found = [version: string | null, json: string | null];

/** Keeps the documents in Redis, for any number of instances. */
export function createRedisDocuments(options: { redis: RedisConnections; keys: RedisKeys }): Documents {
  const { redis } = options;
  const logs = new Map<DocumentKind, LogName>(transactionalKinds.map((kind) => [kind, monitoringLog]));
  const keysOf = (kind: DocumentKind) => options.keys.documents(kind, logs.get(kind));
  const touches = new RedisTouches(redis);

  const getMany = async <T>(kind: DocumentKind, ids: string[]): Promise<(Versioned<T> | undefined)[]> => {
    if (ids.length === 0) return [];
    const { doc } = keysOf(kind);
    return toDocuments<T>(await read.run<Found[]>(redis, ids.map(doc), []));
  };

  const toDocuments = <T>(found: readonly Found[]): (Versioned<T> | undefined)[] =>
    found.map(([version, json]) => {
      if (version === null || json === null) return undefined;
      return { value: JSON.parse(json) as T, version: Number(version) };
    });

  return {
    getMany,

    get: async <T>(kind: DocumentKind, id: string) => (await getMany<T>(kind, [id]))[0],

    async put(kind, id, value, expected, { indexes, ttlMs } = {}) {
      const { doc, at, inIndex } = keysOf(kind);
      const attempt = `${process.pid}-${Math.random().toString(36).slice(2)}`;
      const args = [
        id,
        JSON.stringify(value),
        expected,
        indexes ? JSON.stringify(indexes) : "",
        ttlMs ?? 0,
        inIndex,
        attempt,
      ];
      return (await put.run<number>(redis, [doc(id), at], args)) === 1;
    },

    touch: (kind, id, at) => touches.touch(keysOf(kind).at, id, at),

    async list<T>(kind: DocumentKind, index: string, limit: number, cursor?: string): Promise<DocumentPage<T>> {
      const keys = keysOf(kind);
      type Members = [found: [id: string, at: string][], documents: Found[]];
      const args = [keys.doc(""), limit];
      const [found, documents] = await members.run<Members>(redis, [keys.inIndex + index, keys.at], args);
      const inline = new Map(toDocuments<T>(documents).map((document, i) => [found[i]?.[0], document]));
      const entries = found.map(([id, at]) => ({ id, at: Number(at) }));
      const rest = restByActivity(entries, cursor);

      const items: Versioned<T>[] = [];
      let taken = 0;
      // The index may contain expired documents, which must not take up places on the page.
      while (items.length < limit && taken < rest.length) {
        const chunk = rest.slice(taken, taken + limit - items.length);
        const ids = chunk.map(({ id }) => id);
        const read = inline.size > 0 ? ids.map((id) => inline.get(id)) : await getMany<T>(kind, ids);
        for (const document of read) if (document) items.push(document);
        taken += chunk.length;
      }
      return { items, nextCursor: activityCursor(rest, taken) };
    },
  };
}
