import type { CommandData } from "../../shared/commands/catalogue.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { Feed, type FeedDeps } from "../rooms/feed.ts";
import type { GetState } from "../rooms/gap.ts";
import type { JoinReply } from "../rooms/log-subscription.ts";

/** What to subscribe to, and from which position. */
export interface SubscriptionOptions {
  /** Only events of these types, filtered by the server. Default: all types. */
  types?: readonly `${EventType}`[];
  /** Start after this position, such as that of a list. Default: now. */
  after?: Position;
  /** Without a position, start with this many recent events. Default: 0. */
  recent?: number;
  getState?: GetState;
}

/** The reply to a subscription. */
export type SubscriptionReply = Omit<CommandData<"/monitoring", "subscribe">, "events" | "latest"> & JoinReply;

export function createSubscriptionFeed(
  id: string,
  topics: readonly string[],
  { types, after, recent = 0, getState }: SubscriptionOptions,
  deps: FeedDeps,
): Feed<SubscriptionReply> {
  const wanted = { id, topics: [...topics], ...(types ? { types: [...types] } : {}) };
  return new Feed<SubscriptionReply>(
    {
      namespace: "/monitoring",
      log: () => "monitoring",
      name: id,
      // Events of other topics and types have offsets in the same log.
      isContiguous: false,
      recent,
      after,
      getState,
      accepts: (envelope: Envelope) =>
        topics.some((topic) => topicMatches(topic, envelope.room)) && (types?.includes(envelope.type) ?? true),
      join(link, from, answer) {
        link.command("/monitoring", "subscribe", { ...wanted, ...from }, (reply) => {
          answer(reply as Parameters<typeof answer>[0]);
        });
      },
      leave: (link) => link.command("/monitoring", "unsubscribe", { id }, () => {}),
    },
    deps,
  );
}

/** A topic is a room name, or a prefix with a star at its end. */
export function topicMatches(topic: string, room: string): boolean {
  return topic.endsWith("*") ? room.startsWith(topic.slice(0, -1)) : topic === room;
}
