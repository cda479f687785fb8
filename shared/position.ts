import { z } from "zod";

/**
 * A place in a log. Offsets count from 1 and never leave one out; 0 is the place before the first event.
 * Offsets of different epochs cannot be compared: an epoch ends when a log's history is lost.
 */
export const Position = z.strictObject({
  /** Ours are shorter and plainer; one of somebody else's is told to be of another log, and not to be malformed. */
  epoch: z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 . _ ~ -"),
  offset: z.int().min(0),
});
export type Position = z.infer<typeof Position>;

/** `epoch:offset`, as it stands in URLs and in the `id:` lines of an event stream. */
export function formatPosition(position: Position): string {
  return `${position.epoch}:${position.offset}`;
}

/** The reverse of {@link formatPosition}; `undefined` for anything else. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([A-Za-z0-9._~-]{1,64}):(0|[1-9][0-9]{0,15})$/.exec(text);
  const parsed = match && Position.safeParse({ epoch: match[1], offset: Number(match[2]) });
  return parsed?.success ? parsed.data : undefined;
}
