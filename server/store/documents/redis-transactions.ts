import { monitoringLog } from "../../../shared/room.ts";
import type { RedisAppending } from "../log/redis-appending.ts";
import { appendingScript, firstOwnArg } from "../log/redis-log-scripts.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import { documentFunctions } from "./redis-document-functions.ts";
import type { Transactions } from "./transactions.ts";

interface RedisTransactionsOptions {
  redis: RedisConnections;
  /** The same object as the log's, so that both know the last positions that this instance has seen. */
  appending: RedisAppending;
  keys: RedisKeys;
}

const argsPerDocument = 6;

/**
 * KEYS: those of the log, then for each document the document and the activity of its kind.
 * ARGV: those of the log, the number of documents, then for each document: id, json, expected version, indexes (JSON, or
 * empty: unchanged), time to live in ms or 0, prefix of the keys of indexes.
 */
const commit = appendingScript(`${documentFunctions}
local firstArg = ${firstOwnArg}
local count = tonumber(ARGV[firstArg])
local firstKey = #KEYS - count * 2
local before = {}
for document = 1, count do
  local version, indexes = versionOf(KEYS[firstKey + document * 2 - 1])
  if version ~= tonumber(ARGV[firstArg + (document - 1) * ${argsPerDocument} + 3]) then return '' end
  before[document] = indexes
end
for document = 1, count do
  local key, at = KEYS[firstKey + document * 2 - 1], KEYS[firstKey + document * 2]
  local id, json, expected, indexes, ttl, inIndex =
    unpack(ARGV, firstArg + (document - 1) * ${argsPerDocument} + 1, firstArg + document * ${argsPerDocument})
  writeDocument(key, at, id, json, tonumber(expected) + 1, before[document], indexes, tonumber(ttl), inIndex, '')
  redis.call('ZADD', at, 'XX', 'GT', millis, id)
end
return appendEvents()
`);

/** Writes with one script. The documents and the log `monitoring` have keys in the same slot. */
export function createRedisTransactions(options: RedisTransactionsOptions): Transactions {
  const { redis, appending } = options;

  return {
    async commit({ documents, events }) {
      const additions = events.map((event) => ({ event }));
      const { keys, args } = appending.call(monitoringLog, additions);
      args.push(documents.length);
      for (const { kind, id, value, expected, options: { indexes, ttlMs } = {} } of documents) {
        const { doc, at, inIndex } = options.keys.documents(kind, monitoringLog);
        keys.push(doc(id), at);
        args.push(id, JSON.stringify(value), expected, indexes ? JSON.stringify(indexes) : "", ttlMs ?? 0, inIndex);
      }
      const answer = await commit.run<string>(redis, keys, args);
      if (answer === "") return undefined;
      return appending.read(monitoringLog, additions, answer).map(({ position }) => position);
    },
  };
}
