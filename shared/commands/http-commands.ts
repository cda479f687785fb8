import { z } from "zod";
import { exactlyOne } from "../exactly-one.ts";
import {
  EventList,
  EventsAnswer,
  EventTypes,
  LoggedRoomName,
  MonitoringTopics,
  PublishAnswer,
} from "../http/events.ts";
import { NotificationBody } from "../http/notifications.ts";
import { UserId } from "../ids.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { userRoom } from "../room.ts";
import { defineCommand } from "./define-command.ts";
import { EventLimit, PublishedReply } from "./fields.ts";

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

/** `GET /api/events`, but for event streams. */
export const readEvents = defineCommand({
  name: "read_events",
  payload: z
    .strictObject({
      room: LoggedRoomName.optional(),
      topics: MonitoringTopics.optional(),
      types: EventTypes.optional(),
      after: Position.optional(),
      limit: EventLimit,
      /** Seconds. */
      wait: z.int().min(0).max(limits.waitSecondsMax).default(0),
    })
    .refine(exactlyOne("room", "topics"), "needs exactly one of room and topics"),
  reply: EventsAnswer,
});
