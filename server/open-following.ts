import type { Envelope } from "../shared/envelope.ts";
import type { Clock } from "./clock.ts";
import type { Closers } from "./closers.ts";
import type { Config } from "./config.ts";
import { Audiences } from "./deliver/audiences.ts";
import type { Broadcast } from "./deliver/broadcast.ts";
import { Feeds, type FeedsOptions } from "./deliver/feeds.ts";
import type { LogFeedDeps } from "./deliver/log-feed.ts";
import type { Outlet } from "./deliver/outlet.ts";
import type { HealthUpdates } from "./health/health-updates.ts";
import type { EventLog } from "./log/event-log.ts";
import type { Counters } from "./observe/counters.ts";
import type { Domain } from "./open-domain.ts";
import { LongPolls } from "./polling/long-polls.ts";
import { Waiters } from "./polling/waiters.ts";
import { RoomCounts } from "./registry/room-counts.ts";
import { createCatchUp } from "./resume/catch-up.ts";
import { countReplays } from "./resume/count-replays.ts";
import { createFilteredCatchUp } from "./resume/filtered-catch-up.ts";
import { shareReads } from "./resume/share-reads.ts";
import { receiveBroadcasts } from "./rooms/receive-broadcasts.ts";
import { Rooms } from "./rooms/rooms.ts";
import { Rosters } from "./rooms/roster.ts";
import { Sessions } from "./session/sessions.ts";
import type { EventSpans } from "./spans/event-spans.ts";
import { JoinedAudiences } from "./subscriptions/joined-audiences.ts";
import { Subscriptions } from "./subscriptions/subscriptions.ts";
import { Tracing } from "./trace/tracing.ts";

export interface FollowingDeps {
  config: Config;
  log: EventLog;
  domain: Domain;
  broadcast: Broadcast;
  health: HealthUpdates;
  feeds: Partial<FeedsOptions> | undefined;
  counters: Counters;
  /** `undefined`: no traces are kept. */
  eventSpans: EventSpans | undefined;
  clock: Clock;
  closers: Closers;
  failed(error: unknown): void;
}

export type Following = ReturnType<typeof openFollowing>;

/** Who follows which room, from where on, and how what the log announces gets to them. */
export function openFollowing(deps: FollowingDeps) {
  const { config, log, domain, broadcast, health, counters, eventSpans, clock, closers, failed } = deps;
  const { access, attendance, conversations, responses } = domain;

  const tracing = new Tracing();
  // Deliver: what the log announces, to every door
  const outlets: Outlet[] = [];
  const audiences = new Audiences();
  const putOut = (event: Envelope) => {
    const receivers = audiences.of(event);
    for (const outlet of outlets) outlet.deliver(event, receivers);
    if (tracing.isActive) tracing.reached(event);
  };
  const deliver = eventSpans ? eventSpans.around(putOut, counters) : putOut;
  const reset: LogFeedDeps["reset"] = (name, position, reason) => {
    rooms.reset(name, position, reason);
    subscriptions.reset(name, position, reason);
    counters.resets.add(reason);
  };
  const feeds = new Feeds({ log, deliver, failed, reset }, deps.feeds);
  closers.add("feeds", () => feeds.close());

  // Resume
  const sessions = new Sessions();
  const rosters = new Rosters();
  const roomCounts = new RoomCounts();
  const uncounted = createCatchUp({
    log: shareReads(log),
    finishedResponses: (room, ids) => responses.finished(room, ids),
  });
  const catchUp = { ...uncounted, start: countReplays(uncounted.start, counters) };
  const rooms = new Rooms({
    feeds,
    catchUp,
    attendance,
    rosters,
    counts: roomCounts,
    failed,
    roomsPerConnection: config.LIMIT_ROOMS_PER_CONNECTION,
  });
  const filtered = createFilteredCatchUp({ log });
  const filteredCatchUp = { ...filtered, start: countReplays(filtered.start, counters) };
  const subscriptions = new Subscriptions({
    access,
    feeds,
    catchUp: filteredCatchUp,
    joined: new JoinedAudiences({ audiences }),
    counts: roomCounts,
    health,
    subscriptionsPerConnection: config.LIMIT_SUBSCRIPTIONS_PER_CONNECTION,
  });
  const waiters = new Waiters({ audiences });
  outlets.push(waiters);
  const longPolls = new LongPolls({
    access,
    feeds,
    catchUp,
    filteredCatchUp,
    health,
    waiters,
    clock,
    waitingPerUser: config.LIMIT_CONNECTIONS_PER_USER,
  });
  receiveBroadcasts({ access, broadcast, conversations, rooms, rosters, sessions, deliver, failed });

  return { tracing, outlets, sessions, catchUp, rooms, roomCounts, subscriptions, waiters, longPolls };
}
