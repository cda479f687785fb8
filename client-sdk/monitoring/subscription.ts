import type { CommandData } from "../../shared/commands/catalogue.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { Feed, type FeedDeps } from "../rooms/feed.ts";
import type { JoinReply } from "../rooms/follower.ts";
import type { GetState } from "../rooms/gap.ts";

/** What is told, and from where on. */
export interface SubscriptionOptions {
  /** Only events of these types; without it all. The server leaves the others out. */
  types?: readonly `${EventType}`[];
  /** Begins here; after a list, at the list's position. Without it: now. */
  after?: Position;
  /** So many of the latest events first, where there is no position. Default: 0. */
  recent?: number;
  getState?: GetState;
}

/** What a subscription is answered. */
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
      // Others' topics, and types that were left out, have their offsets in the same log.
      isWhole: false,
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

/** A star stands at the end of a topic, and there alone. */
export function topicMatches(topic: string, room: string): boolean {
  return topic.endsWith("*") ? room.startsWith(topic.slice(0, -1)) : topic === room;
}
