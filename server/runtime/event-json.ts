import type { Envelope } from "../../shared/envelope.ts";

/** Upper limit of kept texts; half as many are always kept: more than a second's worth, a few megabytes at most. */
const kept = 4_096;

/**
 * JSON of recent events in two generations, of which the older is dropped as a whole. Deleting the first key of a map
 * for each event costs ten times as much, and more the more keys were deleted before it.
 */
let [newest, older] = [new Map<Envelope, string>(), new Map<Envelope, string>()];

/** The JSON of an event, cached for its delivery and for clients that resume soon after. Events are immutable. */
export function jsonOf(event: Envelope): string {
  const known = newest.get(event) ?? older.get(event);
  if (known !== undefined) return known;
  const json = JSON.stringify(event);
  noteJson(event, json);
  return json;
}

/** Caches the JSON that an event was parsed from. */
export function noteJson(event: Envelope, json: string): void {
  newest.set(event, json);
  if (newest.size >= kept / 2) [newest, older] = [new Map(), newest];
}
