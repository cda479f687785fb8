import type { Envelope } from "../../shared/envelope.ts";

/** How many are kept, and half as many at least: more than a second's worth, and a few megabytes at most. */
const kept = 4_096;

/**
 * The texts of the newest events, and of those before them: what is old goes as a whole. To delete the first key of a
 * map for each event costs ten times as much, the more the more were deleted before it.
 */
let [newest, older] = [new Map<Envelope, string>(), new Map<Envelope, string>()];

/** The JSON of an event, which never changes: wanted again by those who are there, and by those who come back for it. */
export function jsonOf(event: Envelope): string {
  const known = newest.get(event) ?? older.get(event);
  if (known !== undefined) return known;
  const json = JSON.stringify(event);
  noteJson(event, json);
  return json;
}

/** The JSON that an event was read from. */
export function noteJson(event: Envelope, json: string): void {
  newest.set(event, json);
  if (newest.size >= kept / 2) [newest, older] = [new Map(), newest];
}
