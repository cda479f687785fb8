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
