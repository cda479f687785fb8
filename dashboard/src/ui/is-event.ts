import type { Envelope, EventType } from "@signalbox/client";

/** Whether an event is of a type; its data is then that of the type. */
export function isEvent<Type extends EventType>(event: Envelope, type: Type): event is Envelope<Type> {
  return event.type === type;
}
