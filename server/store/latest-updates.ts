import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";

/** An update about a component: its health or its performance figures. */
export type HealthEvent = Envelope<EventType.HealthUpdate> | Envelope<EventType.PerformanceUpdate>;

/** An update, and when it was stored: milliseconds since 1970 by the store's clock. */
export interface LatestUpdate {
  event: HealthEvent;
  at: number;
}

/**
 * The newest `health_update` and `performance_update` of each component. Kept for an hour, and for the
 * {@link keptComponents} that were updated last.
 *
 * Every method rejects with `Rejection("unavailable")` when the store is unreachable.
 */
export interface LatestUpdates {
  /** Replaces the earlier update of the same type and component. */
  keep(event: HealthEvent): Promise<void>;
  /** All updates, in the order of `keep`. */
  all(): Promise<LatestUpdate[]>;
}

export const keptMs = 3_600_000;
export const keptComponents = 1_000;

/** The key of an update: a later one with the same key replaces it. */
export const subjectOf = ({ type, data }: HealthEvent) => `${type}/${data.component}`;
