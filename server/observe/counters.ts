import { LostReason } from "../../shared/commands/fields.ts";
import { disconnectReasons } from "../../shared/disconnect-reason.ts";
import { DispatchStatus } from "../../shared/entities/dispatch.ts";

/** Counts by label. */
class Tally extends Map<string, number> {
  /** `names` are counted from 0 on: a series that begins with its first event has no rate for that event. */
  constructor(names: readonly string[] = []) {
    super(names.map((name) => [name, 0]));
  }

  add(what: string): void {
    this.set(what, (this.get(what) ?? 0) + 1);
  }
}

/** Totals of this instance since its start. Plain numbers, so that counting costs next to nothing. */
export interface Counters {
  /** Commands received, whatever their reply. */
  commands: number;
  /** Events accepted here, durable or ephemeral. */
  events: number;
  /** Events put into outboxes, one for each connection. */
  deliveries: number;
  /** Events in replies to clients that resumed from a position. */
  replayedEvents: number;
  /** Health updates dropped in favour of a newer one of the component. */
  superseded: number;
  /** How often the connection to Redis was restored. */
  redisRestored: number;
  /** Events accepted here, by type. */
  published: Tally;
  /** Connections accepted, by door; and ended, by reason. */
  opened: Tally;
  closed: Tally;
  /** Connections refused: too many from their address, or too many at once. */
  refused: Tally;
  /** Clients that resumed from a position: `recovered`, or why history was gone. */
  replays: Tally;
  /** Followed logs that lost history, by reason. */
  resets: Tally;
  /** Dispatches by the state that they entered, according to events of this instance. */
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
    closed: new Tally([...Object.keys(disconnectReasons), "client"]),
    refused: new Tally(["address", "rate"]),
    replays: new Tally(["recovered", ...LostReason.options]),
    resets: new Tally(LostReason.options),
    dispatches: new Tally(DispatchStatus.options),
  };
}
