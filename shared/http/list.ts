import { z } from "zod";
import { NextCursor } from "../commands/fields.ts";
import { Position } from "../position.ts";

/** A page of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    nextCursor: NextCursor,
    position: Position.describe(
      "The head of the log before the list was read: a client that follows the log from here misses nothing.",
    ),
  });
}
