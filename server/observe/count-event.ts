import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Counters } from "./counters.ts";

/** Counts an event accepted by this instance; events about a dispatch are also counted by the dispatch's new state. */
export function countEvent(event: Envelope, counters: Counters): void {
  counters.events++;
  counters.published.add(event.type);
  if (event.type === EventType.TaskDispatched) counters.dispatches.add("dispatched");
  if (event.type === EventType.AgentResponse) counters.dispatches.add("completed");
  if (isFailure(event)) counters.dispatches.add(event.data.status);
}

const isFailure = (event: Envelope): event is Envelope<EventType.AgentError> => event.type === EventType.AgentError;
