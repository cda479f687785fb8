import { z } from "zod";
import { EventType } from "../event-type.ts";
import { limits } from "../limits.ts";
import { Link } from "../link.ts";
import { defineEvent } from "./define-event.ts";

const Level = z.enum(["info", "success", "warning", "error"]);

const Text = z.string().min(1).max(limits.textLength);

export const notification = defineEvent({
  type: EventType.Notification,
  description: "Something that the user should know.",
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

export const announcement = defineEvent({
  type: EventType.Announcement,
  description: "Something that every user of `/chat` should know.",
  rooms: ["broadcast"],
  durable: true,
  publishers: ["admin", "service"],
  data: z.strictObject({ message: Text, level: Level }),
});
