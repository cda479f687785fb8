import type { LostReason } from "../../shared/commands/fields.ts";
import type { Position } from "../../shared/position.ts";

/** Something was lost that cannot be made up for: what an application has built from events has to be made anew. */
export interface Gap {
  /** The room, or the id of the subscription. */
  room: string;
  reason: LostReason;
  /** Where it goes on. */
  position: Position;
  /** What `getState` brought; it is not older than `position`. */
  state?: unknown;
  /** What `getState` failed with. */
  error?: unknown;
}

/** Loads what an application shows from its own database, after a gap. Events wait until it is there. */
export type GetState = (gap: Gap) => Promise<unknown>;
