import { z } from "zod";
import { EventType } from "../event-type.ts";
import { SubscriptionId } from "../ids.ts";
import { limits } from "../limits.ts";
import { Position } from "../position.ts";
import { subscriptionOfTopic, Topic } from "../topic.ts";
import { defineCommand } from "./define-command.ts";
import { EventLimit, LatestEvent, Nothing, resumeFields } from "./fields.ts";

const subscriptionFields = {
  ...resumeFields,
  /** The newest `health_update` and `performance_update` of each component, where the topics include `health`. */
  latest: z.array(LatestEvent),
};

export const subscribe = defineCommand({
  name: "subscribe",
  payload: z.strictObject({
    id: SubscriptionId,
    topics: z.array(Topic).min(1).max(limits.topicsPerSubscription),
    /** Only events of these types; without it all. */
    types: z.array(z.enum(EventType)).min(1).max(limits.typesPerSubscription).optional(),
    after: Position.optional(),
    limit: EventLimit,
  }),
  reply: z.strictObject({ id: SubscriptionId, ...subscriptionFields }),
  orderedBy: ({ id }) => id,
});

export const unsubscribe = defineCommand({
  name: "unsubscribe",
  payload: z.strictObject({ id: SubscriptionId }),
  reply: Nothing,
  orderedBy: ({ id }) => id,
});

/** A subscription to one topic, whose id is the topic. */
export const joinTopic = defineCommand({
  name: "join_room",
  payload: z.strictObject({ room: Topic, after: Position.optional(), limit: EventLimit }),
  reply: z.strictObject({ room: Topic, ...subscriptionFields }),
  orderedBy: ({ room }) => subscriptionOfTopic(room),
});

export const leaveTopic = defineCommand({
  name: "leave_room",
  payload: z.strictObject({ room: Topic }),
  reply: Nothing,
  orderedBy: ({ room }) => subscriptionOfTopic(room),
});
