import { z } from "zod";
import { Cursor } from "../commands/fields.ts";
import { Position } from "../position.ts";

/** A page of a list. `position` is the log's head from before the list was read, so following the log from there misses nothing. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextCursor: Cursor.nullable(), position: Position });
}
