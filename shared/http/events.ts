import { z } from "zod";
import { LatestEvent, resumeFields } from "../commands/fields.ts";
import { EventType } from "../event-type.ts";
import { EventId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { logOfRoom, monitoringLog, RoomName } from "../room.ts";
import { Topic } from "../topic.ts";
import { QueryEventLimit, QueryList, QueryPosition, QueryWait } from "./query.ts";

/** `data` is checked against the definition of the type. */
export const EventToPublish = z.strictObject({
  room: RoomName,
  type: z.enum(EventType),
  data: JsonObject,
  id: EventId.optional(),
});
export type EventToPublish = z.infer<typeof EventToPublish>;

export const EventList = z.array(EventToPublish).min(1).max(limits.eventsPerRequest);

/** `POST /api/events`: one, or a list of which all are checked before any is published. */
export const PublishBody = z.union([EventToPublish, EventList]);
export type PublishBody = z.infer<typeof PublishBody>;

/** Its answer, in the order of the body. Ephemeral events have no position. */
export const PublishAnswer = z.array(
  z.strictObject({ id: EventId, position: Position.optional(), duplicate: z.boolean() }),
);
export type PublishAnswer = z.infer<typeof PublishAnswer>;

export const MonitoringTopics = z.array(Topic).min(1).max(limits.topicsPerSubscription);
export const LoggedRoomName = RoomName.refine((room) => logOfRoom(room) !== monitoringLog, "must be a room of /chat");
export const EventTypes = z.array(z.enum(EventType)).max(limits.typesPerSubscription);

/** `GET /api/events?topics=a,b&types=…&after=epoch:offset&limit=…&wait=…` */
export const EventsQuery = z.strictObject({
  topics: QueryList.pipe(
    z.union(
      [
        MonitoringTopics.transform((topics) => ({ topics })),
        z.tuple([LoggedRoomName]).transform(([room]) => ({ room })),
      ],
      { error: "must be one room of /chat, or 1 to 50 topics of /monitoring, with commas between them" },
    ),
  ),
  types: QueryList.pipe(EventTypes).optional(),
  after: QueryPosition.optional(),
  limit: QueryEventLimit,
  wait: QueryWait,
});
export type EventsQuery = z.infer<typeof EventsQuery>;

const { joined: _joined, ...pageFields } = resumeFields;

export const EventsAnswer = z.strictObject({ ...pageFields, latest: z.array(LatestEvent).optional() });
export type EventsAnswer = z.infer<typeof EventsAnswer>;
