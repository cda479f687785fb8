import { z } from "zod";
import { EventList, PublishAnswer } from "../http/events.ts";
import { NotificationBody } from "../http/notifications.ts";
import { UserId } from "../ids.ts";
import { userRoom } from "../room.ts";
import { defineCommand } from "./define-command.ts";
import { PublishedReply } from "./fields.ts";

/** `POST /api/users/:id/notifications` */
export const notifyUser = defineCommand({
  name: "notify_user",
  roles: ["service"],
  payload: NotificationBody.extend({ userId: UserId }),
  reply: PublishedReply,
  room: ({ userId }) => userRoom(userId),
});

/** `POST /api/events` */
export const publishEvents = defineCommand({
  name: "publish_events",
  roles: ["service"],
  payload: z.strictObject({ events: EventList }),
  reply: PublishAnswer,
});
