import type { LogName } from "../../../shared/room.ts";

/**
 * The names of all keys and channels in Redis. Keys with the same text in `{…}` are in the same slot of a cluster, as a
 * script needs them.
 */
export type RedisKeys = ReturnType<typeof redisKeys>;

/**
 * `prefix`: see REDIS_PREFIX. Neither the prefix nor any id contains a brace. `url`: see REDIS_URL. Each database of a
 * Redis server has its own keys, but all share the channels. So the names of channels include the number of the database,
 * except for database 0, whose channels have the names of earlier versions.
 */
export function redisKeys(prefix: string, url?: string) {
  const database = url === undefined ? 0 : databaseOf(url);
  const ofDatabase = database === 0 ? "" : `:${database}`;
  return {
    /**
     * The keys of a log. All of them expire.
     *   events        stream with one entry per event; the entry's id is the offset; `head` and `tail` are the envelope
     *                 before and after its position, which is not stored since the epoch may change
     *   meta          hash: epoch, last (offset of the last event), run (run id of the Redis server that appended it),
     *                 gone (offset of the newest event that was dropped), start (first offset of the epoch), from and
     *                 floor (the offsets after `from`, up to `floor`, are skipped), fresh (when the expiry of the keys
     *                 was last renewed, in ms of Redis)
     *   id(KEY)       the reply to the append with an idempotency key
     *   attempt(NAME) the reply of a script that appended, for a retry
     *   channel       the channel of announcements
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
     * The keys of a kind of documents. `log`: the log that they change together with.
     *   doc(ID)         hash: version, json, indexes (JSON), until (expiry in ms, absent: never), by (id of the last write)
     *   at              sorted set: ids of documents in an index, by latest activity
     *   inIndex + INDEX set of ids
     */
    documents(kind: string, log?: LogName) {
      const base = `${prefix}:{${log === undefined ? "documents" : `log:${log}`}}:${kind}`;
      return { doc: (id: string) => `${base}:doc:${id}`, at: `${base}:at`, inIndex: `${base}:in:` };
    },

    /** Sorted set per queue: ids by the time when they are due, by the clock of Redis, which all instances share. */
    leases: (queue: string) => `${prefix}:{leases}:${queue}`,

    /** The latest health updates. `events`: hash, subject → JSON. `at`: sorted set, subjects by the time of the update. */
    latest: { events: `${prefix}:{latest}:events`, at: `${prefix}:{latest}:at` },

    /**
     * Presence. The scripts append these names to `base`. The connections of a dead instance are removed by the sweep of
     * another one, so nothing needs to expire.
     *   users:ROOM     sorted set: present users, by order of arrival
     *   names:ROOM     hash: user → name as JSON
     *   at:ROOM USER   set: "INSTANCE CONNECTION" for each connection of the user in the room
     *   of:INSTANCE    set: JSON [room, user, connection] for each connection of an instance in a room
     *   lingering      sorted set: JSON [room, user] by the end of the grace period, in ms
     *   instances      sorted set: instances by their last heartbeat, in ms of Redis
     *   known          set: instances that have swept since they were last taken for dead
     *   dead           set: instances whose connections are still to be removed
     *   swept          time of the last sweep by any instance, in ms of Redis
     *   order          counter of arrivals
     */
    presence: {
      base: `${prefix}:{presence}:`,
      heldBy: (instance: string) => `${prefix}:{presence}:of:${instance}`,
    },

    /**
     * Connections and instances. The scripts append these names to `base`. The reports of an instance are stored under a
     * holder. An instance that reports everything again takes a new holder, so that nothing has to be undone.
     *   holders             set: "INSTANCE/NUMBER"
     *   report:HOLDER       the instance's report as JSON; when it expires, the holder is dead
     *   records:HOLDER      hash: connection → JSON
     *   users:HOLDER        sorted set by name: "USER CONNECTION", including connections that are being opened
     *   in:NAMESPACE:HOLDER the same for one namespace, without connections that are being opened
     *   rooms:HOLDER        hash: room → number of connections of the holder
     *   rooms               hash: room → number of connections of all holders
     *   room-names          sorted set by name: the rooms of that hash
     * A dead holder is ignored at once, except for its rooms, which later reports of other instances remove.
     */
    registry: { base: `${prefix}:{registry}:`, rooms: `${prefix}:{registry}:rooms` },

    /** An idempotency key of the stream of UI events. The name of the stream itself is a setting. */
    uiEvent: (key: string) => `${prefix}:ui-event:${key}`,

    /** Keys beside an ingest stream. `reader`: the lease of the reading instance. `rejected`: stream of rejected entries. */
    ingest: (stream: string) => ({ reader: `${stream}:reader`, rejected: `${stream}:rejected` }),

    /** Prefix of the channels of the Socket.IO adapter. */
    adapter: `${prefix}:adapter${ofDatabase}`,
  };
}

/** As the client library reads it: `redis://host/1`. */
const databaseOf = (url: string) => Number(new URL(url).pathname.slice(1));
