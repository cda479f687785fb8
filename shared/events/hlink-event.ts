import { HlinkMessage } from "../entities/hlink.ts";
import { EventType } from "../event-type.ts";
import { defineEvent } from "./define-event.ts";

export const hlinkMessage = defineEvent({
  type: EventType.HlinkMessage,
  description: "An HLink message, in the room of its target (section 6.3).",
  rooms: ["conversation", "user", "ui"],
  durable: true,
  publishers: ["user", "agent", "admin", "service"],
  data: HlinkMessage,
});
