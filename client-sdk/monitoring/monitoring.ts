import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { ReplyError } from "../../shared/reply.ts";
import type { Cancel } from "../connection/environment.ts";
import type { Feed, FeedDeps } from "../rooms/feed.ts";
import type { Gap } from "../rooms/gap.ts";
import type { Lists } from "./lists.ts";
import { createSubscriptionFeed, type SubscriptionOptions, type SubscriptionReply } from "./subscription.ts";

/** The event types that a subscription asks for. */
type TypesOf<Options> = Options extends { types: readonly (infer Type)[] } ? Extract<`${EventType}`, Type> : EventType;

type EventOf<Type> = Extract<{ [T in EventType]: [`${T}`, Envelope<T>] }[EventType], [Type, unknown]>[1];

/** Union of the envelopes that a subscription can deliver. */
export type SubscribedEvent<Options> = TypesOf<Options> extends EventType ? Envelope : EventOf<TypesOf<Options>>;

/** Callbacks of a subscription beside events. */
export interface SubscriptionHandlers {
  /** Events were lost. */
  gap?(gap: Gap): void;
  /** The subscription has caught up; events now arrive live. */
  live?(reply: SubscriptionReply): void;
  /** The server refuses these topics. */
  refused?(error: ReplyError): void;
}

/** Topic subscriptions and snapshots, for clients of `/monitoring`. */
export interface Monitoring extends Lists {
  /**
   * Calls `callback` for every event of the topics (rooms, or prefixes with a star: `task:*`, `stream:build-*`, `*`),
   * once and in order. Callbacks with the same topics share one server subscription. Returns a function that ends it.
   */
  subscribe<const Options extends SubscriptionOptions>(
    topics: string | readonly string[],
    options: Options,
    callback: (event: SubscribedEvent<Options>) => void,
    handlers?: SubscriptionHandlers,
  ): Cancel;
  /** The same with default options: every event of the topics, from now on. */
  subscribe(topics: string | readonly string[], callback: (event: Envelope) => void): Cancel;
}

export function createMonitoring(deps: FeedDeps & { lists: Lists }): Monitoring {
  /** Shared subscriptions by topics and types. */
  const feeds = new Map<string, Feed<SubscriptionReply>>();
  let own = 0;

  function feedOf(topics: readonly string[], options: SubscriptionOptions): Feed<SubscriptionReply> {
    // A subscription with a start position or state of its own is not shared.
    const { after, getState, types } = options;
    const wanted = `${[...topics].sort().join(",")}|${types ? [...types].sort().join(",") : ""}`;
    const isShared = after === undefined && getState === undefined && !options.recent;
    if (!isShared) return createSubscriptionFeed(shortened(`${++own}#${wanted}`), topics, options, deps);
    const feed = feeds.get(wanted) ?? createSubscriptionFeed(shortened(wanted), topics, options, deps);
    feeds.set(wanted, feed);
    return feed;
  }

  return {
    ...deps.lists,
    subscribe(
      topics: string | readonly string[],
      second: SubscriptionOptions | ((event: Envelope) => void),
      third?: (event: never) => void,
      handlers: SubscriptionHandlers = {},
    ): Cancel {
      const options = typeof second === "function" ? {} : second;
      // The callback's parameter type follows from `options.types`.
      const callback = (typeof second === "function" ? second : third) as (event: Envelope) => void;
      const feed = feedOf(typeof topics === "string" ? [topics] : topics, options);
      const { gap, live, refused } = handlers;
      const cancels = [
        ...(gap ? [feed.on("gap", gap)] : []),
        ...(live ? [feed.on("joined", live)] : []),
        ...(refused ? [feed.on("refused", refused)] : []),
        feed.on("event", callback),
      ];
      return () => {
        for (const cancel of cancels) cancel();
      };
    },
  };
}

const idLength = 160;

/** Shortens a key to an id that the server accepts. */
function shortened(key: string): string {
  if (key.length <= idLength) return key;
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) | 0;
  return `${key.slice(0, idLength - 12)}~${(hash >>> 0).toString(36)}`;
}
