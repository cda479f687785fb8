import type { Position } from "../../shared/position.ts";

/** How an event's position relates to the current position. */
type PositionOrder =
  /** The next event. */
  | "next"
  /** Already received. */
  | "duplicate"
  /** Events in between are missing. */
  | "gap"
  /** Of another epoch of the log. */
  | "other_epoch";

/** `isContiguous`: every offset of the log is delivered, so that a skipped offset is a gap. */
export function comparePosition(current: Position, position: Position, isContiguous: boolean): PositionOrder {
  if (position.epoch !== current.epoch) return "other_epoch";
  if (position.offset <= current.offset) return "duplicate";
  return isContiguous && position.offset > current.offset + 1 ? "gap" : "next";
}
