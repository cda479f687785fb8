import type { CommandData, CommandPayload } from "../../shared/commands/catalogue.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { UserId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { healthRoom, type LogName, logOfRoom, monitoringLog, type RoomName } from "../../shared/room.ts";
import { type Topic, topicMatches } from "../../shared/topic.ts";
import type { Access } from "../access/access.ts";
import { channelsOfTopic } from "../deliver/channel-matcher.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { LogTails } from "../deliver/log-tails.ts";
import type { HealthUpdates } from "../publish/health-updates.ts";
import type { CatchUpFactory } from "../resume/catch-up.ts";
import type { FilteredCatchUp } from "../resume/filtered-catch-up.ts";
import type { CatchUp } from "../resume/start-catch-up.ts";
import type { Clock } from "../runtime/clock.ts";
import { CountsByKey } from "../runtime/counts-by-key.ts";
import type { Channel } from "../session/channel.ts";
import { mayEnter, type Principal } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import type { LongPollWaiters } from "./long-poll-waiters.ts";

interface LongPollsDeps {
  access: Access;
  tails: LogTails;
  catchUp: CatchUpFactory;
  filteredCatchUp: FilteredCatchUp;
  health: Pick<HealthUpdates, "latest">;
  waiters: LongPollWaiters;
  clock: Clock;
  /** How many requests of one user may wait on this instance at the same time. */
  waitingPerUser: number;
}

type Query = CommandPayload<"http", "read_events">;
type Answer = CommandData<"http", "read_events">;

/** Where a request reads from: a room of `/chat`, or topics of `/monitoring`. */
interface Source {
  log: LogName;
  channels: Channel[];
  matches(event: Envelope): boolean;
  /** Rejects when the principal may not read the source, or may no longer. */
  authorise(principal: Principal): Promise<void>;
  start(tail: LogTail, after: Position | undefined): Promise<CatchUp>;
  /** The newest update of each component, where the topics include components. */
  latest(): Promise<(() => Envelope[]) | undefined>;
}

/** Pages of events for clients without a connection. Any instance can answer: the client keeps only a position. */
export class LongPolls {
  readonly #deps: LongPollsDeps;
  readonly #waiting = new CountsByKey<UserId>();

  constructor(deps: LongPollsDeps) {
    this.#deps = deps;
  }

  /**
   * The events after a position, or the latest. When there are none, waits for the first as long as the query asks.
   * The page is empty when the time is over, the session ends, the token expires or the instance stops.
   */
  async read(query: Query, session: Session): Promise<Answer> {
    const source = this.#sourceOf(query);
    await source.authorise(session.principal);
    const handle = await this.#deps.tails.open(source.log);
    try {
      return query.wait > 0
        ? await this.#counted(session, () => this.#poll(query, source, handle.tail, session))
        : (await this.#page(query, source, handle.tail, query.after)).answer;
    } finally {
      handle.release();
    }
  }

  async #poll(query: Query, source: Source, tail: LogTail, session: Session): Promise<Answer> {
    const { waiters, clock } = this.#deps;
    const waitMs = Math.min(query.wait * 1_000, session.principal.expiresAt - clock.now());
    return waiters.wait(source.channels, waitMs, async (wait) => {
      session.onClose(() => wait.endWithin(0));
      for (let { after } = query; ; ) {
        const { answer, isNews } = await this.#page(query, source, tail, after);
        if (isNews || !(await wait.next())) return answer;
        after = answer.position;
        // A user who was removed while waiting must not receive later events.
        await source.authorise(session.principal);
      }
    });
  }

  async #page(query: Query, source: Source, tail: LogTail, after: Position | undefined) {
    const [catchUp, latest] = await Promise.all([source.start(tail, after), source.latest()]);
    const { joined: _joined, recovered, events, ...page } = catchUp.finish();
    const matching = events.filter(source.matches);
    const answer: Answer = {
      ...page,
      events: matching,
      ...(query.after && recovered !== undefined ? { recovered } : {}),
      ...(latest ? { latest: latest().filter(source.matches) } : {}),
    };
    return { answer, isNews: matching.length > 0 || page.hasMore || recovered === false };
  }

  async #counted(session: Session, poll: () => Promise<Answer>): Promise<Answer> {
    const { userId } = session.principal;
    if ((this.#waiting.get(userId) ?? 0) >= this.#deps.waitingPerUser) {
      throw new Rejection("limit_exceeded", `A user may have ${this.#deps.waitingPerUser} waiting requests at a time.`);
    }
    this.#waiting.increment(userId);
    try {
      return await poll();
    } finally {
      this.#waiting.decrement(userId);
    }
  }

  #sourceOf(query: Query): Source {
    return query.room === undefined ? this.#topics(query, query.topics ?? []) : this.#room(query, query.room);
  }

  #room({ types, limit }: Query, room: RoomName): Source {
    const { access, catchUp } = this.#deps;
    const wanted = types && new Set(types);
    return {
      log: logOfRoom(room),
      channels: [room],
      matches: ({ type }) => !wanted || wanted.has(type),
      async authorise(principal) {
        if (!mayEnter(principal, "/chat"))
          throw new Rejection("forbidden", `${room} is only for roles with access to /chat.`);
        await access.assertCanRead(principal, room);
      },
      start: (tail, after) => catchUp.start(tail, room, after, limit),
      latest: async () => undefined,
    };
  }

  #topics({ types, limit }: Query, topics: readonly Topic[]): Source {
    const { access, filteredCatchUp, health } = this.#deps;
    const wanted = types && new Set(types);
    const matches = ({ room, type }: Envelope) =>
      (!wanted || wanted.has(type)) && topics.some((topic) => topicMatches(topic, room));
    return {
      log: monitoringLog,
      channels: [...new Set(topics.flatMap((topic) => channelsOfTopic(topic, wanted)))],
      matches,
      async authorise(principal) {
        const forbidden = topics.find((topic) => !access.mayWatch(principal, topic));
        if (forbidden !== undefined) throw new Rejection("forbidden", `You may not watch ${forbidden}.`);
      },
      start: (tail, after) => filteredCatchUp.start(tail, matches, after, limit),
      latest: async () => (topics.some((topic) => topicMatches(topic, healthRoom)) ? health.latest() : undefined),
    };
  }
}
