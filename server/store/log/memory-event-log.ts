import { randomBytes } from "node:crypto";
import type { Envelope, LoggedEnvelope } from "../../../shared/envelope.ts";
import type { LogName } from "../../../shared/room.ts";
import type { StoreTime } from "../store-time.ts";
import {
  type Appended,
  dedupeWindowMs,
  type EventLog,
  type Follower,
  type LogBounds,
  type LogSlice,
} from "./event-log.ts";

interface MemoryLog {
  /** The newest events, oldest first. */
  events: LoggedEnvelope[];
  /** When each of them was appended. */
  times: number[];
  last: number;
  /** Insertion order is time order, so the oldest keys are found first. */
  dedupe: Map<string, { answer: Appended; until: number }>;
  followers: Set<Follower>;
}

interface MemoryEventLogOptions {
  time: StoreTime;
  /** Events kept per log. */
  maxEvents: number;
  /** Age at which an event is dropped, in seconds. */
  ttlSeconds: number;
}

/** The number of appends after which expired events are dropped from all logs, also from those that are not in use. */
const appendsPerSweep = 10_000;

/** Keeps the logs in the memory of this process. */
export function createMemoryEventLog({ time, maxEvents, ttlSeconds }: MemoryEventLogOptions): EventLog {
  const logs = new Map<LogName, MemoryLog>();
  // All logs have the same epoch, since the histories of all end with the process.
  const epoch = randomBytes(4).toString("hex");
  let appends = 0;

  const empty = (): MemoryLog => ({ events: [], times: [], last: 0, dedupe: new Map(), followers: new Set() });

  /** For reading: does not add a log that is empty. */
  function find(name: LogName): MemoryLog {
    const log = logs.get(name) ?? empty();
    trim(log);
    return log;
  }

  function open(name: LogName): MemoryLog {
    const log = find(name);
    logs.set(name, log);
    return log;
  }

  function trim(log: MemoryLog): void {
    const now = time.now();
    const oldest = now - ttlSeconds * 1000;
    let surplus = Math.max(0, log.events.length - maxEvents);
    while ((log.times[surplus] ?? oldest) < oldest) surplus++;
    if (surplus > 0) for (const list of [log.events, log.times]) list.splice(0, surplus);

    for (const [key, { until }] of log.dedupe) {
      if (until > now) break;
      log.dedupe.delete(key);
    }
  }

  const boundsOf = (log: MemoryLog): LogBounds => ({
    epoch,
    first: log.last - log.events.length + 1,
    last: log.last,
  });

  /** `from` and `to` are offsets; both inclusive. */
  function slice(log: MemoryLog, from: number, to: number): LogSlice {
    const bounds = boundsOf(log);
    return { bounds, events: log.events.slice(Math.max(0, from - bounds.first), Math.max(0, to - bounds.first + 1)) };
  }

  return {
    async append(name: LogName, event: Envelope, dedupe?: string): Promise<Appended> {
      if (++appends % appendsPerSweep === 0) for (const log of logs.values()) trim(log);
      const log = open(name);
      const earlier = dedupe === undefined ? undefined : log.dedupe.get(dedupe);
      if (earlier) return { ...earlier.answer, duplicate: true };

      const logged: LoggedEnvelope = { ...event, position: { epoch, offset: ++log.last } };
      log.events.push(logged);
      log.times.push(time.now());
      if (log.events.length > maxEvents) for (const list of [log.events, log.times]) list.shift();
      const answer: Appended = {
        id: event.id,
        position: logged.position,
        timestamp: event.timestamp,
        duplicate: false,
      };
      if (dedupe !== undefined) log.dedupe.set(dedupe, { answer, until: time.now() + dedupeWindowMs });
      for (const follower of log.followers) follower.announced(logged);
      return answer;
    },

    async read(name, after, limit) {
      const log = find(name);
      const from = Math.max(after + 1, boundsOf(log).first);
      return slice(log, from, from + limit - 1);
    },

    async readBack(name, before, limit) {
      const log = find(name);
      const to = Math.min(log.last, (before ?? log.last + 1) - 1);
      return slice(log, to - limit + 1, to);
    },

    async bounds(name) {
      return boundsOf(find(name));
    },

    async follow(name, follower) {
      const log = open(name);
      log.followers.add(follower);
      return () => {
        log.followers.delete(follower);
        if (log.last === 0 && log.followers.size === 0) logs.delete(name);
      };
    },
  };
}
