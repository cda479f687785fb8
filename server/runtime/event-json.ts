import type { Envelope } from "../../shared/envelope.ts";

/** How many are kept: more than a second's worth, and a few megabytes at most. */
const kept = 4_096;

/** The newest last. An event never changes, and so neither does its JSON. */
const texts = new Map<Envelope, string>();

/** The JSON of an event that is wanted again: by those who are there, and by those who come back for it. */
export function jsonOf(event: Envelope): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const json = JSON.stringify(event);
  noteJson(event, json);
  return json;
}

/** The JSON that an event was read from. */
export function noteJson(event: Envelope, json: string): void {
  texts.set(event, json);
  if (texts.size <= kept) return;
  for (const oldest of texts.keys()) {
    texts.delete(oldest);
    return;
  }
}
