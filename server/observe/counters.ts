/** What this instance has done since it started. Plain numbers: to count must cost nothing. */
export interface Counters {
  /** Commands that came, whatever their reply. */
  commands: number;
  /** Events that were accepted here, kept or not. */
  events: number;
  /** Events that were put where a connection's messages wait to be written, one for each connection. */
  deliveries: number;
}

export function createCounters(): Counters {
  return { commands: 0, events: 0, deliveries: 0 };
}
