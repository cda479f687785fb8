import type { Envelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import type { ReplyError } from "../../shared/reply.ts";
import type { Cancel } from "../connection/environment.ts";
import type { Feed, FeedDeps } from "../rooms/feed.ts";
import type { Gap } from "../rooms/gap.ts";
import type { Lists } from "./lists.ts";
import { createSubscriptionFeed, type SubscriptionOptions, type SubscriptionReply } from "./subscription.ts";

/** The types of a subscription, which all of its events are of. */
type TypesOf<Options> = Options extends { types: readonly (infer Type)[] } ? Extract<`${EventType}`, Type> : EventType;

type EventOf<Type> = Extract<{ [T in EventType]: [`${T}`, Envelope<T>] }[EventType], [Type, unknown]>[1];

/** Envelopes of every type that an options object asks for. */
export type SubscribedEvent<Options> = TypesOf<Options> extends EventType ? Envelope : EventOf<TypesOf<Options>>;

/** What a subscription tells beside events. */
export interface SubscriptionHandlers {
  /** Something was lost for good. */
  gap?(gap: Gap): void;
  /** Everything that was missed has been told. */
  live?(reply: SubscriptionReply): void;
  /** The server does not let us watch these topics. */
  refused?(error: ReplyError): void;
}

/** Topics, and lists to begin with, for clients of `/monitoring`. */
export interface Monitoring extends Lists {
  /**
   * Tells `callback` every event of the topics (rooms, or beginnings with a star: `task:*`, `stream:build-*`, `*`), once
   * and in order. Any number of callbacks may have the same topics; they share one subscription of the server.
   */
  subscribe<const Options extends SubscriptionOptions>(
    topics: string | readonly string[],
    options: Options,
    callback: (event: SubscribedEvent<Options>) => void,
    handlers?: SubscriptionHandlers,
  ): Cancel;
  /** The same with nothing chosen: every event of the topics, from now on. */
  subscribe(topics: string | readonly string[], callback: (event: Envelope) => void): Cancel;
}

export function createMonitoring(deps: FeedDeps & { lists: Lists }): Monitoring {
  /** Those that others may share. */
  const feeds = new Map<string, Feed<SubscriptionReply>>();
  let own = 0;

  function feedOf(topics: readonly string[], options: SubscriptionOptions): Feed<SubscriptionReply> {
    // What a subscription was begun with is its own; the others share one for the same topics and types.
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
      // The types of the options say what the callback takes.
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

/** The id that the server knows a subscription by; it takes no longer ones. */
function shortened(key: string): string {
  if (key.length <= idLength) return key;
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) | 0;
  return `${key.slice(0, idLength - 12)}~${(hash >>> 0).toString(36)}`;
}
