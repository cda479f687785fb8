import { monitoringLog } from "../../../shared/room.ts";
import type { RedisAppending } from "../log/redis-appending.ts";
import { appendingScript } from "../log/redis-log-scripts.ts";
import type { RedisConnections } from "../redis/redis-connections.ts";
import type { RedisKeys } from "../redis/redis-keys.ts";
import { documentFunctions } from "./redis-document-functions.ts";
import type { Transactions } from "./transactions.ts";

export interface RedisTransactionsOptions {
  redis: RedisConnections;
  /** That of the log: both give away what the store has lost of it. */
  appending: RedisAppending;
  keys: RedisKeys;
}

const argsPerDocument = 6;

/**
 * KEYS: after those of the log, of each document itself and the activity of its kind.
 * ARGV: after those of the log, how many documents; then of each id, json, version expected, indexes (JSON, or empty: as
 * before), time to live in ms or 0, what the keys of its indexes begin with.
 */
const commit = appendingScript(`${documentFunctions}
local now = tonumber(ARGV[5])
local firstArg = 11 + tonumber(ARGV[10]) * 4
local count = tonumber(ARGV[firstArg])
local firstKey = #KEYS - count * 2
local before = {}
for document = 1, count do
  local version, indexes = versionOf(KEYS[firstKey + document * 2 - 1], now)
  if version ~= tonumber(ARGV[firstArg + (document - 1) * ${argsPerDocument} + 3]) then return '' end
  before[document] = indexes
end
for document = 1, count do
  local key, at = KEYS[firstKey + document * 2 - 1], KEYS[firstKey + document * 2]
  local id, json, expected, indexes, ttl, inIndex =
    unpack(ARGV, firstArg + (document - 1) * ${argsPerDocument} + 1, firstArg + document * ${argsPerDocument})
  writeDocument(key, at, id, json, tonumber(expected) + 1, before[document], indexes, now, tonumber(ttl), inIndex, '')
  redis.call('ZADD', at, 'XX', 'GT', now, id)
end
return appendEvents()
`);

/** One script over the documents and the log `monitoring`, which share a slot. */
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
