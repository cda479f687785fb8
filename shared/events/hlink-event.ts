import { HlinkMessage } from "../entities/hlink.ts";
import { EventType } from "../event-type.ts";
import { defineEvent } from "./define-event.ts";

/** An HLink message, in the room of its target. */
export const hlinkMessage = defineEvent({
  type: EventType.HlinkMessage,
  rooms: ["conversation", "user", "ui"],
  durable: true,
  publishers: ["user", "agent", "admin", "service"],
  data: HlinkMessage,
});
