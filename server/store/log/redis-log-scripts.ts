import { RedisScript } from "../redis/redis-script.ts";

/** The least number of offsets that are skipped after a restart of Redis; see `prelude`. */
export const jump = 1_000_000;

/** How long the reply to an append is kept for a retry. Retries end long before. Milliseconds. */
const retryWindowMs = 30_000;

/**
 * The prelude of every script on a log.
 * KEYS: events, meta. ARGV: 1 and 2 the last position that this instance knows of, 3 the epoch to use if a new one is
 * needed, 4 how many offsets to skip, 5 time to live in ms.
 *
 * A restarted Redis may have lost the tail of a log, and would then give the offsets of lost events to new events. So
 * when the last event was appended in an earlier run of the Redis server, at least a million offsets are skipped. The
 * exact number is random: if the events after the gap are lost as well, the next run must not skip to the same offset.
 *
 *   1 … 17 | lost: 18 … 25 | skipped up to 1000017 | 1000018 …
 *        from                                  floor
 *
 * An instance that knows of offset 25 proves the loss, even after new events were appended. Then a new epoch begins. It
 * includes the events after the gap but not those before the loss, so that every client learns of the lost history.
 */
const prelude = `
local events, meta = KEYS[1], KEYS[2]
local ttl = tonumber(ARGV[5])
local kept = redis.call('HMGET', meta, 'epoch', 'last', 'run', 'start', 'floor', 'from', 'gone', 'fresh')
local epoch, last, start = kept[1], tonumber(kept[2] or 0), tonumber(kept[4] or 1)
local floor, from, gone = tonumber(kept[5] or 0), tonumber(kept[6] or -1), tonumber(kept[7] or 0)
local function number(n) return string.format('%d', n) end
local function offsetOf(entry) return tonumber(string.match(entry[1], '^%d+')) end
local function oldest()
  local entry = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
  if entry then return offsetOf(entry), entry end
end
local function dropExpired()
  local offset, entry = oldest()
  local droppedTo
  while offset and tonumber(entry[2][2]) < millis - ttl do
    redis.call('XDEL', events, entry[1])
    droppedTo = offset
    offset, entry = oldest()
  end
  if not offset then gone = last elseif droppedTo then gone = droppedTo end
  if droppedTo then redis.call('HSET', meta, 'gone', number(gone)) end
end
-- The expiry is renewed only when a hundredth of the time to live has passed, which is precise enough and cheaper.
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

/** The number of arguments per event in a script that appends, and the index of the first. */
const argsPerEvent = 4;
const firstEventArg = 10;

/** Lua expression for the index of the first argument of an appending script itself, after those of the events. */
export const firstOwnArg = `${firstEventArg} + tonumber(ARGV[9]) * ${argsPerEvent}`;

/**
 * Appends events at consecutive offsets and announces them in one message, with one envelope per line.
 * KEYS: 3 the reply, kept for a retry, 4 … idempotency keys.
 * ARGV: 6 channel, 7 events kept, 8 lifetime of idempotency keys in ms, 9 number of events; then for each event the
 * envelope before its position, the envelope after its position, the reply to a duplicate apart from the position, and
 * the index of its idempotency key in KEYS (0: none).
 * Returns lines: the epoch, then for each event its offset, or the earlier reply if its idempotency key was used.
 */
const appending = `
local answered = redis.call('GET', KEYS[3])
if answered then return answered end
${prelude}
local function appendEvents()
  local count, most = tonumber(ARGV[9]), tonumber(ARGV[7])
  local length = redis.call('XLEN', events)
  local lines, texts = {epoch}, {}
  local before, offset = last, math.max(last, floor)
  for event = 1, count do
    local at = ${firstEventArg} + (event - 1) * ${argsPerEvent}
    local key = KEYS[tonumber(ARGV[at + 3])]
    local till, answer = string.match(key and redis.call('GET', key) or '', '^(%d+) (.*)$')
    if till and tonumber(till) > millis then
      lines[event + 1] = answer
    else
      offset = offset + 1
      local place = number(offset)
      redis.call('XADD', events, place .. '-1', 'at', number(millis), 'head', ARGV[at], 'tail', ARGV[at + 1])
      if key then
        answer = epoch .. ' ' .. place .. ' ' .. ARGV[at + 2]
        redis.call('SET', key, number(millis + tonumber(ARGV[8])) .. ' ' .. answer, 'PX', ARGV[8])
      end
      lines[event + 1] = place
      texts[#texts + 1] = ARGV[at] .. '"position":{"epoch":"' .. epoch .. '","offset":' .. place .. '}' .. ARGV[at + 1]
    end
  end
  if #texts > 0 then
    if length == 0 then gone = before end
    local excess = length + #texts - most
    if excess > 0 then
      -- As long as nothing was ever left out the next ones to go are the next ones.
      if floor == 0 then
        gone = gone + excess
      elseif excess <= 1000 then
        gone = offsetOf(redis.call('XRANGE', events, '-', '+', 'COUNT', excess)[excess])
      end
      redis.call('XTRIM', events, 'MAXLEN', '=', most)
      if floor > 0 and excess > 1000 then gone = oldest() - 1 end
    end
    last = offset
    redis.call('HSET', meta, 'last', number(last), 'gone', number(gone))
    keepAlive(length == 0)
    if math.floor(last / 16) > math.floor(before / 16) then dropExpired() end
    redis.call('PUBLISH', ARGV[6], table.concat(texts, '\\n'))
  end
  local answer = table.concat(lines, '\\n')
  redis.call('SET', KEYS[3], answer, 'PX', ${retryWindowMs})
  return answer
end
`;

/**
 * A script that appends to one log. Its first write must be one that Redis refuses when it is out of memory: once a
 * script has written something, its later writes are not refused any more, so all or nothing happens.
 */
export function appendingScript(body: string): RedisScript {
  return new RedisScript(`${appending}${body}`);
}

/**
 * Appends to several logs independently: a failure of one does not affect the others.
 * KEYS: for each log the KEYS of a script that appends. ARGV: the number of logs; then for each log the number of its
 * KEYS, the number of its ARGV, and its ARGV. Returns for each log the result of such a script, or `!` and the error.
 */
export const appendScript = new RedisScript(`
local function appendTo(KEYS, ARGV)
${appending}
return appendEvents()
end
local answers, key, arg, failed, failure = {}, 0, 1, 0, nil
local count = tonumber(ARGV[1])
for log = 1, count do
  local keys = {unpack(KEYS, key + 1, key + tonumber(ARGV[arg + 1]))}
  local args = {unpack(ARGV, arg + 3, arg + 2 + tonumber(ARGV[arg + 2]))}
  key, arg = key + #keys, arg + 2 + #args
  local isMade, answer = pcall(appendTo, keys, args)
  if not isMade then
    failure = type(answer) == 'table' and answer.err or tostring(answer)
    failed = failed + 1
    answer = '!' .. failure
  end
  answers[log] = answer
end
-- If all fail, Redis itself refuses writes, and the caller handles that error.
if failed == count then return redis.error_reply(failure) end
return answers
`);

/** A script that reads: returns the bounds of the log, and entries. */
const readingScript = (entries: string) =>
  new RedisScript(`${prelude}
dropExpired()
-- pcall: reading still works when Redis is out of memory and refuses to renew the expiry.
pcall(keepAlive)
local entries = ${entries}
return {{epoch, number(math.max(gone + 1, start)), number(last)}, entries}
`);

/** ARGV: 6 first id, 7 limit. */
export const readScript = readingScript("redis.call('XRANGE', events, ARGV[6], '+', 'COUNT', ARGV[7])");

/** ARGV: 6 last id, 7 limit. */
export const readBackScript = readingScript("redis.call('XREVRANGE', events, ARGV[6], '-', 'COUNT', ARGV[7])");

export const boundsScript = readingScript("{}");
