import type { EventLog } from "../store/log/event-log.ts";

/** The methods of a log that read it. */
export type LogReads = Pick<EventLog, "read" | "readBack" | "bounds">;

/** Reads with the same arguments. */
interface SharedReads {
  running: Promise<unknown>;
  /** Starts when the running read has ended. Shared by all requests that arrive until then. */
  next?: Promise<unknown>;
}

/**
 * Shares reads with equal arguments: while one runs, all further requests wait for one next read. They cannot take the
 * result of the running read, which may lack an event that was appended before they arrived.
 */
export function shareReads(log: LogReads): LogReads {
  const readsByKey = new Map<string, SharedReads>();

  function share<T>(key: string, read: () => Promise<T>): Promise<T> {
    const reads = readsByKey.get(key);
    if (!reads) return start(key, read);
    const startNext = () => start(key, read);
    reads.next ??= reads.running.then(startNext, startNext);
    // The key names the method, so the type is right.
    return reads.next as Promise<T>;
  }

  function start<T>(key: string, read: () => Promise<T>): Promise<T> {
    const running = read();
    const reads: SharedReads = { running };
    readsByKey.set(key, reads);
    const ended = () => {
      // A next read replaces the entry when it starts.
      if (readsByKey.get(key) === reads && !reads.next) readsByKey.delete(key);
    };
    running.then(ended, ended);
    return running;
  }

  return {
    read: (name, after, limit) => share(`read ${after} ${limit} ${name}`, () => log.read(name, after, limit)),
    readBack: (name, before, limit) =>
      share(`back ${before} ${limit} ${name}`, () => log.readBack(name, before, limit)),
    bounds: (name) => share(`bounds ${name}`, () => log.bounds(name)),
  };
}
