import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";

/** What is told of a component: how it is, or its numbers. */
export type HealthEvent = Envelope<EventType.HealthUpdate> | Envelope<EventType.PerformanceUpdate>;

/**
 * The newest `health_update` and `performance_update` of each component, for an hour. Of more than a thousand, those
 * that were told of last.
 *
 * Every method rejects with `Rejection("unavailable")` when the store is out of reach.
 */
export interface LatestUpdates {
  /** Takes the place of the event of the same type about the same component. */
  keep(event: HealthEvent): Promise<void>;
  /** In the order in which they were kept. */
  all(): Promise<HealthEvent[]>;
}

export const keptMs = 3_600_000;
export const keptComponents = 1_000;

/** What an event takes the place of. */
export const subjectOf = ({ type, data }: HealthEvent) => `${type}/${data.component}`;
