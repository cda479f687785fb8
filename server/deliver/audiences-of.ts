import type { Envelope } from "../../shared/envelope.ts";
import type { Audience } from "../session/audience.ts";

/** Whom an event is for. A connection that is in several of them gets it once. */
export function audiencesOf(event: Envelope): readonly Audience[] {
  return [event.room];
}
