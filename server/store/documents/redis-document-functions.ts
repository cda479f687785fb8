/**
 * Lua functions for documents. `readDocument(key)` returns version and json, both false if there is none.
 * `versionOf(key)` returns the version of the document (0: none), its indexes as JSON,
 * and the id of the attempt that wrote it last.
 */
export const documentFunctions = `
local function versionOf(key)
  local kept = redis.call('HMGET', key, 'version', 'indexes', 'until', 'by')
  local version = tonumber(kept[1] or 0)
  if kept[3] and tonumber(kept[3]) <= millis then version = 0 end
  return version, kept[2] or '[]', kept[4]
end
local function readDocument(key)
  local kept = redis.call('HMGET', key, 'version', 'json', 'until')
  if kept[3] and tonumber(kept[3]) <= millis then return {false, false} end
  return {kept[1], kept[2]}
end
-- indexes: JSON, or empty to leave them; ttl: ms or 0; inIndex: what the keys of indexes begin with.
local function writeDocument(key, at, id, json, version, before, indexes, ttl, inIndex, by)
  if indexes == '' then indexes = before end
  -- Must be the first write: it is refused when Redis is out of memory, and later writes of a script are not.
  redis.call('HSET', key, 'version', version, 'json', json, 'indexes', indexes, 'by', by)
  if indexes ~= before or version == 1 then
    for _, index in ipairs(cjson.decode(before)) do redis.call('SREM', inIndex .. index, id) end
    local list = cjson.decode(indexes)
    for _, index in ipairs(list) do redis.call('SADD', inIndex .. index, id) end
    if #list > 0 then redis.call('ZADD', at, 'NX', millis, id) else redis.call('ZREM', at, id) end
  end
  if ttl == 0 then
    redis.call('HDEL', key, 'until')
    redis.call('PERSIST', key)
  else
    redis.call('HSET', key, 'until', string.format('%d', millis + ttl))
    redis.call('PEXPIRE', key, ttl)
  end
end
`;
