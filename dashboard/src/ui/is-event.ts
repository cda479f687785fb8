import type { Envelope, EventType } from "@signalbox/client";

/** Type guard for the type of an event. */
export function isEvent<Type extends EventType>(event: Envelope, type: Type): event is Envelope<Type> {
  return event.type === type;
}
