import { z } from "zod";
import { Cursor } from "../commands/fields.ts";
import { limits } from "../limits.ts";
import { parsePosition } from "../position.ts";

/** A whole number in a URL. */
const Digits = z
  .string()
  .regex(/^[0-9]{1,6}$/, "must be a whole number")
  .transform(Number);

export const QueryEventLimit = Digits.pipe(z.int().min(1).max(limits.pageMax))
  .default(limits.pageDefault)
  .describe(`Events in the answer, 1 to ${limits.pageMax}; default ${limits.pageDefault}.`);

const QueryListLimit = Digits.pipe(z.int().min(1).max(limits.listPageMax))
  .default(limits.pageDefault)
  .describe(`Items in the answer, 1 to ${limits.listPageMax}; default ${limits.pageDefault}.`);

export const QueryWait = Digits.pipe(z.int().max(limits.waitSecondsMax))
  .transform((seconds) => Math.min(seconds, limits.waitSecondsAnswered))
  .default(0)
  .describe(
    `Seconds that the answer may wait, at most ${limits.waitSecondsMax}. It comes after ${limits.waitSecondsAnswered} s at the latest.`,
  );

export const QueryPosition = z
  .string()
  .transform((text, context) => {
    const position = parsePosition(text);
    if (position) return position;
    context.addIssue({ code: "custom", message: "must be epoch:offset" });
    return z.NEVER;
  })
  .describe("A position as `epoch:offset`.");

/** `a,b,c`. */
export const QueryList = z
  .string()
  .min(1)
  .max(limits.topicsPerSubscription * (limits.roomNameLength + 1))
  .transform((text) => text.split(","));

export const listQueryFields = { cursor: Cursor.optional(), limit: QueryListLimit };

export const ListQuery = z.strictObject(listQueryFields);
