import type { Position } from "../../shared/position.ts";

/** What an event's position means to one who is at another. */
export type Place =
  /** The one that is due. */
  | "next"
  /** Told before. */
  | "old"
  /** Something in between has not come. */
  | "early"
  /** Of another history. */
  | "foreign";

/** `isWhole`: every offset of the log comes, so that one that is left out shows. */
export function placeOf(at: Position, position: Position, isWhole: boolean): Place {
  if (position.epoch !== at.epoch) return "foreign";
  if (position.offset <= at.offset) return "old";
  return isWhole && position.offset > at.offset + 1 ? "early" : "next";
}
