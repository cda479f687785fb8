import { z } from "zod";
import { SubscriptionId } from "../ids.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { subscriptionOfTopic, Topic } from "../topic.ts";
import { defineCommand } from "./define-command.ts";
import { EventLimit, EventTypeName, LatestEvent, Nothing, resumeFields } from "./fields.ts";

const subscriptionFields = {
  ...resumeFields,
  latest: z
    .array(LatestEvent)
    .describe(
      "The newest `health_update` and `performance_update` of each component, where the topics include `health`.",
    ),
};

export const subscribe = defineCommand({
  name: "subscribe",
  description:
    "Follows topics: the connection gets the latest events that match, or everything after a position, and then what follows. A subscription with an id that exists replaces that one.",
  payload: z.strictObject({
    id: SubscriptionId,
    topics: z.array(Topic).min(1).max(limits.topicsPerSubscription),
    types: z
      .array(EventTypeName)
      .min(1)
      .max(limits.typesPerSubscription)
      .optional()
      .describe("Only events of these types; without it all."),
    after: Position.optional(),
    limit: EventLimit,
  }),
  reply: z
    .strictObject({ id: SubscriptionId, ...subscriptionFields })
    .meta({ id: "Subscribed", description: "The reply to `subscribe` (sections 6.1 and 7.1)." }),
  orderedBy: ({ id }) => id,
});

export const unsubscribe = defineCommand({
  name: "unsubscribe",
  description: "Ends a subscription. Events that other subscriptions of the connection match still arrive.",
  payload: z.strictObject({ id: SubscriptionId }),
  reply: Nothing,
  orderedBy: ({ id }) => id,
});

export const joinTopic = defineCommand({
  name: "join_room",
  description: "A subscription to one topic, whose id is the topic.",
  payload: z.strictObject({ room: Topic, after: Position.optional(), limit: EventLimit }),
  reply: z
    .strictObject({ room: Topic, ...subscriptionFields })
    .meta({ id: "JoinedTopic", description: "The reply to a join in `/monitoring` (sections 6.1 and 7.1)." }),
  orderedBy: ({ room }) => subscriptionOfTopic(room),
});

export const leaveTopic = defineCommand({
  name: "leave_room",
  description: "Ends the subscription that `join_room` made.",
  payload: z.strictObject({ room: Topic }),
  reply: Nothing,
  orderedBy: ({ room }) => subscriptionOfTopic(room),
});
