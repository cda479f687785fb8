import type { LostReason } from "../../shared/commands/fields.ts";
import type { Position } from "../../shared/position.ts";

/** Events were lost: state that the application has built from events must be loaded again. */
export interface Gap {
  /** The room, or the id of the subscription. */
  room: string;
  reason: LostReason;
  /** The position after which events continue. */
  position: Position;
  /** The result of `getState`, at least as new as `position`. */
  state?: unknown;
  /** The error of `getState`. */
  error?: unknown;
}

/** Loads the application's state from its own database after a gap. Later events are held back until it resolves. */
export type GetState = (gap: Gap) => Promise<unknown>;
