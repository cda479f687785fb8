import type { InstanceId } from "../../shared/ids.ts";
import { type IngestEntry, type IngestStream, readerLeaseMs, rejectedKept } from "./ingest-stream.ts";
import type { RedisConnections } from "./redis/redis-connections.ts";
import type { RedisKeys } from "./redis/redis-keys.ts";
import { preludeArgs, RedisScript } from "./redis/redis-script.ts";

const group = "signalbox";

/**
 * KEYS: stream, lease. ARGV: 1 instance, 2 lease in ms, 3 limit, 4 group.
 * All instances use the name of one consumer, since only one reads at a time. So the entries that a dead reader has not
 * settled are pending for the next reader.
 */
const take = new RedisScript(`
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[4], '0')
local function read(from)
  local found = redis.call('XREADGROUP', 'GROUP', ARGV[4], 'reader', 'COUNT', ARGV[3], 'STREAMS', KEYS[1], from)
  return found and found[1][2] or {}
end
local entries = read('0')
if #entries == 0 then entries = read('>') end
return entries
`);

/** KEYS: stream, rejected. ARGV: 1 group, 2 most rejected, then per entry: id, code (empty: published), reason, fields. */
const settle = new RedisScript(`
for i = 3, #ARGV - ${preludeArgs}, 4 do
  local id, code = ARGV[i], ARGV[i + 1]
  local isNew = redis.call('XACK', KEYS[1], ARGV[1], id) == 1
  if isNew and code ~= '' then
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*',
      'entry', id, 'code', code, 'reason', ARGV[i + 2], 'fields', ARGV[i + 3])
  end
  redis.call('XDEL', KEYS[1], id)
end
return 1
`);

/** KEYS: lease. ARGV: instance. */
const release = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`);

type Taken = [id: string, fields: string[] | null][];

/** Reads the stream. `STREAM:reader` has the lease, `STREAM:rejected` the rejected entries. */
export function createRedisIngestStream(options: {
  redis: RedisConnections;
  keys: RedisKeys;
  /** The name of the stream, which other programs write to. */
  stream: string;
  instanceId: InstanceId;
}): IngestStream {
  const { redis, stream, instanceId } = options;
  const { reader, rejected } = options.keys.ingest(stream);
  return {
    async take(limit) {
      const taken = await take.run<Taken | null>(redis, [stream, reader], [instanceId, readerLeaseMs, limit, group]);
      return taken?.map(([id, fields]): IngestEntry => ({ id, fields: fields ? toRecord(fields) : undefined }));
    },

    async settle(outcomes) {
      const args = outcomes.flatMap(({ entry: { id, fields }, rejected: why }) =>
        why ? [id, why.code, reasonOf(why), JSON.stringify(fields ?? {})] : [id, "", "", ""],
      );
      await settle.run(redis, [stream, rejected], [group, rejectedKept, ...args]);
    },

    async release() {
      await release.run(redis, [reader], [instanceId]);
    },
  };
}

function toRecord(pairs: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < pairs.length; i += 2) fields[pairs[i] ?? ""] = pairs[i + 1] ?? "";
  return fields;
}

function reasonOf({ message, details }: { message: string; details?: unknown }): string {
  return details === undefined ? message : `${message} ${JSON.stringify(details)}`;
}
