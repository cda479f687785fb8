import type { LogName } from "../../../shared/room.ts";

/**
 * The names of all keys and channels in Redis. Keys with the same text in `{…}` share a slot of a cluster, so that one
 * script may use them together.
 */
export type RedisKeys = ReturnType<typeof redisKeys>;

/**
 * `prefix`: see REDIS_PREFIX. Neither it nor an id has a brace in it. `url`: see REDIS_URL. Keys belong to its database,
 * and channels to all databases of a Redis: so they name theirs, but for the first, as earlier versions did.
 */
export function redisKeys(prefix: string, url?: string) {
  const database = url === undefined ? 0 : databaseOf(url);
  const ofDatabase = database === 0 ? "" : `:${database}`;
  return {
    /**
     * Of a log. All of them expire.
     *   events        stream, one entry per event; its ids are the offsets, and `head` and `tail` the envelope up to its
     *                 position and after it, since a position's epoch may change
     *   meta          hash: epoch, last (offset of the last event), run (id of the Redis that took it), gone (offset of
     *                 the newest event that is not kept any more), start (first offset that belongs to the epoch), from
     *                 and floor (offsets above the one and up to the other are left out), fresh (when the keys' time to
     *                 live was last set, in ms of Redis)
     *   id(KEY)       the answer that an idempotency key was given
     *   attempt(NAME) the answer of a script that appended, should it be sent again
     *   channel       where appends are announced
     */
    log(name: LogName) {
      const base = `${prefix}:{log:${name}}`;
      return {
        events: `${base}:events`,
        meta: `${base}:meta`,
        id: (key: string) => `${base}:id:${key}`,
        attempt: (attempt: string) => `${base}:try:${attempt}`,
        channel: `${base}${ofDatabase}`,
      };
    },

    /**
     * Of a kind of documents; `log`: of the log that they change together with.
     *   doc(ID)         hash: version, json, indexes (JSON), until (ms, absent: for ever), by (who wrote it last)
     *   at              sorted set: ids by latest activity, of documents that are in an index
     *   inIndex + INDEX set: ids
     */
    documents(kind: string, log?: LogName) {
      const base = `${prefix}:{${log === undefined ? "documents" : `log:${log}`}}:${kind}`;
      return { doc: (id: string) => `${base}:doc:${id}`, at: `${base}:at`, inIndex: `${base}:in:` };
    },

    /** A sorted set per queue: ids by when they are due, in ms of Redis: the instances' clocks need not agree. */
    leases: (queue: string) => `${prefix}:{leases}:${queue}`,

    /** The health that was heard last. `events`: hash, subject → JSON. `at`: sorted set, subjects by when they were kept. */
    latest: { events: `${prefix}:{latest}:events`, at: `${prefix}:{latest}:at` },

    /**
     * Who is present. The scripts put these behind `base`; what a dead instance held is released by the sweep of another
     * one, so nothing needs to expire.
     *   users:ROOM     sorted set: users present, by arrival
     *   names:ROOM     hash: user → name as JSON
     *   at:ROOM USER   set: "INSTANCE CONNECTION" of the user's connections in the room
     *   of:INSTANCE    set: JSON [room, user, connection] of what an instance holds
     *   lingering      sorted set: JSON [room, user] by when the grace period ends, in ms
     *   instances      sorted set: instances by their last heartbeat, in ms of Redis
     *   known          set: instances whose holdings are believed to be complete here
     *   dead           set: instances of which something is still held
     *   swept          when any instance swept last, in ms of Redis
     *   order          counter of arrivals
     */
    presence: {
      base: `${prefix}:{presence}:`,
      heldBy: (instance: string) => `${prefix}:{presence}:of:${instance}`,
    },

    /**
     * Who is connected. The scripts put these behind `base`. What an instance says is kept by a holder, another one each
     * time that it says everything again: nothing of before has to be taken back.
     *   holders             set: "INSTANCE/NUMBER"
     *   report:HOLDER       what the instance says of itself, JSON; expires, and the holder is dead
     *   records:HOLDER      hash: connection → JSON
     *   users:HOLDER        sorted set by name: "USER CONNECTION", also of those that are being opened
     *   in:NAMESPACE:HOLDER the same of one namespace, without those
     *   rooms:HOLDER        hash: room → how many connections of the holder
     *   rooms               hash: room → how many connections of all holders
     *   room-names          sorted set by name: the rooms of that hash
     * What a dead holder has is left out at once, but for its rooms, which are taken away with the reports of the others.
     */
    registry: { base: `${prefix}:{registry}:`, rooms: `${prefix}:{registry}:rooms` },

    /** An idempotency key of the stream of UI events, whose own name is a setting. */
    uiEvent: (key: string) => `${prefix}:ui-event:${key}`,

    /** Beside the stream of that name: which instance reads it, and a stream of what was refused. */
    ingest: (stream: string) => ({ reader: `${stream}:reader`, rejected: `${stream}:rejected` }),

    /** What the channels of the Socket.IO adapter begin with. */
    adapter: `${prefix}:adapter${ofDatabase}`,
  };
}

/** As the client library reads it: `redis://host/1`. */
const databaseOf = (url: string) => Number(new URL(url).pathname.slice(1));
