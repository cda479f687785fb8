import { z } from "zod";

export const Position = z
  .strictObject({
    // Wider than the epochs that the server makes, so that a foreign position is answered "of another log" and not "malformed".
    epoch: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 . _ ~ -")
      .describe("Opaque. An epoch ends when the history of the log is lost."),
    offset: z.int().min(0).describe("Counts from 1 without gaps; 0 is the place before the first event."),
  })
  .meta({ id: "Position", description: "A place in a log. Offsets of different epochs cannot be compared." });
export type Position = z.infer<typeof Position>;

/** `epoch:offset`: the form in URLs and in the `id:` lines of an event stream. */
export function formatPosition(position: Position): string {
  return `${position.epoch}:${position.offset}`;
}

/** The reverse of {@link formatPosition}; `undefined` for anything else. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([A-Za-z0-9._~-]{1,64}):(0|[1-9][0-9]{0,15})$/.exec(text);
  const parsed = match && Position.safeParse({ epoch: match[1], offset: Number(match[2]) });
  return parsed?.success ? parsed.data : undefined;
}
