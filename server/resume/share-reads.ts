import type { EventLog } from "../store/log/event-log.ts";

/** The reading part of a log. */
export type LogReads = Pick<EventLog, "read" | "readBack" | "bounds">;

interface Reading {
  now: Promise<unknown>;
  /** Begins when the present one has ended; shared by all requests that came meanwhile. */
  next?: Promise<unknown>;
}

/**
 * Equal reads of a log that are asked for at once are two: one for the first request, and one for all the others.
 * A read that has begun is not shared: what was appended before a request has to be in its result.
 */
export function shareReads(log: LogReads): LogReads {
  const readings = new Map<string, Reading>();

  function share<T>(key: string, read: () => Promise<T>): Promise<T> {
    const reading = readings.get(key);
    if (!reading) return begin(key, read);
    // What is kept under a key was read by the same method.
    reading.next ??= reading.now.then(
      () => begin(key, read),
      () => begin(key, read),
    );
    return reading.next as Promise<T>;
  }

  function begin<T>(key: string, read: () => Promise<T>): Promise<T> {
    const now = read();
    const reading: Reading = { now };
    readings.set(key, reading);
    const ended = () => {
      // The next one begins right after this.
      if (readings.get(key) === reading && !reading.next) readings.delete(key);
    };
    now.then(ended, ended);
    return now;
  }

  return {
    read: (name, after, limit) => share(`read ${after} ${limit} ${name}`, () => log.read(name, after, limit)),
    readBack: (name, before, limit) =>
      share(`back ${before} ${limit} ${name}`, () => log.readBack(name, before, limit)),
    bounds: (name) => share(`bounds ${name}`, () => log.bounds(name)),
  };
}
