import type { LogName } from "../../../shared/room.ts";

/**
 * Keys of a log, with `{…}` so that they share a slot:
 *   prefix:{log:NAME}:events   stream, one entry per event; its ids are the offsets, and `head` and `tail` the envelope
 *                              up to its position and after it, since a position's epoch may change
 *   prefix:{log:NAME}:meta     hash: epoch, last (offset of the last event), run (id of the Redis that took it),
 *                              gone (offset of the newest event that is not kept any more), start (first offset that
 *                              belongs to the epoch), from and floor (offsets above the one and up to the other are
 *                              left out), fresh (when the keys' time to live was last set, in ms of Redis)
 *   prefix:{log:NAME}:id:KEY   the answer that an idempotency key was given
 *   prefix:{log:NAME}:try:NAME the answer of a script that appended, should it be sent again
 * and the channel prefix:{log:NAME} on which appends are announced. All of them expire.
 */
export function redisLogKeys(prefix: string, name: LogName) {
  const base = `${prefix}:{log:${name}}`;
  return {
    events: `${base}:events`,
    meta: `${base}:meta`,
    id: (key: string) => `${base}:id:${key}`,
    attempt: (attempt: string) => `${base}:try:${attempt}`,
    channel: base,
  };
}
