/** How often each of some things has happened. */
export class Tally extends Map<string, number> {
  add(what: string): void {
    this.set(what, (this.get(what) ?? 0) + 1);
  }
}

/** What this instance has done since it started. Plain numbers: to count must cost nothing. */
export interface Counters {
  /** Commands that came, whatever their reply. */
  commands: number;
  /** Events that were accepted here, kept or not. */
  events: number;
  /** Events that were put where a connection's messages wait to be written, one for each connection. */
  deliveries: number;
  /** Events in the replies to those who came back with a position. */
  replayedEvents: number;
  /** Health updates that were told to nobody, since a newer one of the component had come. */
  superseded: number;
  /** How often Redis was there again after it was not. */
  redisRestored: number;
  /** Events that were accepted here, by type. */
  published: Tally;
  /** Connections that were let in, by door; and that have ended, by reason. */
  opened: Tally;
  closed: Tally;
  /** Connections that could not begin: too many of their address, or too many at once. */
  refused: Tally;
  /** Those who came back with a position: `recovered`, or why history was gone. */
  replays: Tally;
  /** Logs that lost history under those who follow them here, by reason. */
  resets: Tally;
  /** Dispatches that have come into a state, by what was told of them here. */
  dispatches: Tally;
}

export function createCounters(): Counters {
  return {
    commands: 0,
    events: 0,
    deliveries: 0,
    replayedEvents: 0,
    superseded: 0,
    redisRestored: 0,
    published: new Tally(),
    opened: new Tally(),
    closed: new Tally(),
    refused: new Tally(),
    replays: new Tally(),
    resets: new Tally(),
    dispatches: new Tally(),
  };
}
