import { notification } from "../events/user-events.ts";
import { EventId } from "../ids.ts";

/** `POST /api/users/:id/notifications` */
export const NotificationBody = notification.data.extend({ id: EventId.optional() });
