import { z } from "zod";
import { EventType } from "../event-type.ts";
import { limits } from "../limits.ts";
import { Link } from "../link.ts";
import { defineEvent } from "./define-event.ts";

export const Level = z.enum(["info", "success", "warning", "error"]);

const Text = z.string().min(1).max(limits.textLength);

/** Something one user should know, in all places where the user is connected. */
export const notification = defineEvent({
  type: EventType.Notification,
  rooms: ["user"],
  durable: true,
  publishers: ["service"],
  data: z.strictObject({
    title: z.string().min(1).max(limits.titleLength),
    body: Text.optional(),
    level: Level,
    link: Link.optional(),
  }),
});

/** Something everybody in `/chat` should know. */
export const announcement = defineEvent({
  type: EventType.Announcement,
  rooms: ["broadcast"],
  durable: true,
  publishers: ["admin", "service"],
  data: z.strictObject({ message: Text, level: Level }),
});
