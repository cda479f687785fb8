import { z } from "zod";
import { EventTypeName, LatestEvent, resumeFields } from "../commands/fields.ts";
import { EventId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { logOfRoom, monitoringLog, RoomName } from "../room.ts";
import { Topic } from "../topic.ts";
import { QueryEventLimit, QueryList, QueryPosition, QueryWait } from "./query.ts";

export const EventToPublish = z
  .strictObject({
    room: RoomName,
    type: EventTypeName,
    data: JsonObject.describe("Checked against the definition of the type."),
    id: EventId.optional(),
  })
  .meta({ id: "EventToPublish", description: "An event that a backend publishes." });
export type EventToPublish = z.infer<typeof EventToPublish>;

export const EventList = z.array(EventToPublish).min(1).max(limits.eventsPerRequest);

/** `POST /api/events` */
export const PublishBody = z.union([EventToPublish, EventList]);
export type PublishBody = z.infer<typeof PublishBody>;

/** Its answer, in the order of the body. */
export const PublishAnswer = z.array(
  z.strictObject({
    id: EventId,
    position: Position.optional().describe("Of durable events."),
    duplicate: z.boolean(),
  }),
);
export type PublishAnswer = z.infer<typeof PublishAnswer>;

export const MonitoringTopics = z.array(Topic).min(1).max(limits.topicsPerSubscription);
export const LoggedRoomName = RoomName.refine((room) => logOfRoom(room) !== monitoringLog, "must be a room of /chat");
export const EventTypes = z.array(EventTypeName).max(limits.typesPerSubscription);

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
  ).describe("One room of `/chat` that has a log, or topics of `/monitoring` with commas between them."),
  types: QueryList.pipe(EventTypes).optional().describe("Types of events, with commas between them."),
  after: QueryPosition.optional(),
  limit: QueryEventLimit,
  wait: QueryWait,
});
export type EventsQuery = z.infer<typeof EventsQuery>;

const { joined: _joined, ...pageFields } = resumeFields;

export const EventsAnswer = z
  .strictObject({ ...pageFields, latest: z.array(LatestEvent).optional().describe("As of `Subscribed`.") })
  .meta({ id: "EventsPage", description: "Events after a position." });
export type EventsAnswer = z.infer<typeof EventsAnswer>;
