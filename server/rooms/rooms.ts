import type { CommandData } from "../../shared/commands/catalogue.ts";
import { limits } from "../../shared/limits.ts";
import type { Position } from "../../shared/position.ts";
import { Rejection } from "../../shared/rejection.ts";
import { type LogName, logOfRoom, type RoomName } from "../../shared/room.ts";
import type { FeedLease, Feeds } from "../deliver/feeds.ts";
import type { Attendance } from "../presence/attendance.ts";
import type { CatchUpFactory } from "../resume/catch-up.ts";
import { AtReply } from "../session/at-reply.ts";
import type { Session } from "../session/session.ts";
import type { Rosters } from "./roster.ts";

export interface RoomsDeps {
  feeds: Feeds;
  catchUp: CatchUpFactory;
  attendance: Attendance;
  rosters: Rosters;
  /** How many rooms a connection may be in. */
  roomsPerConnection: number;
  failed(error: unknown): void;
}

export type JoinReply = CommandData<"/chat", "join_room">;

/** A session's way into a room. While it is under way an eviction can still stop it. */
interface Entry {
  lease: FeedLease;
  live: boolean;
}

/** Which of this instance's sessions are in which rooms. */
export class Rooms {
  readonly #deps: RoomsDeps;
  readonly #entries = new Map<Session, Map<RoomName, Entry>>();

  constructor(deps: RoomsDeps) {
    this.#deps = deps;
  }

  roomsOf(session: Session): RoomName[] {
    return [...this.#entriesOf(session)].filter(([, { live }]) => live).map(([room]) => room);
  }

  /** Brings the session from `after`, or the latest events, to live. */
  async join(
    session: Session,
    room: RoomName,
    after: Position | undefined,
    limit: number,
  ): Promise<AtReply<JoinReply>> {
    const { attendance, catchUp, rosters } = this.#deps;
    const entry = await this.#enter(session, room);
    const roster = rosters.open(room);
    let announce = () => {};
    try {
      const history = await catchUp.start(entry.lease.feed, room, after, limit);
      if (history.reachesLive) {
        announce = await attendance.enter(room, session);
        // Whoever left meanwhile did so before it was in, and would be taken to be there for ever.
        if (this.#entriesOf(session).get(room) !== entry) {
          await attendance.leave(room, session, { grace: true });
          throw gone(room);
        }
      }
      const present = await attendance.members(room, limits.membersInReply);

      const finish = (): JoinReply => {
        roster.close();
        if (this.#entriesOf(session).get(room) !== entry) throw gone(room);
        const resumed = history.finish();
        if (resumed.joined) this.#goLive(session, room, entry);
        return { room, ...resumed, ...roster.complete(present) };
      };
      const afterwards = () => {
        announce();
        if (!entry.live) this.leave(session, room, { grace: true }).catch(this.#deps.failed);
      };
      return new AtReply(finish, afterwards);
    } catch (error) {
      roster.close();
      announce();
      await this.leave(session, room, { grace: true });
      throw error;
    }
  }

  /** Live at once, from now on: the rooms that a client is put into when it connects. */
  async follow(session: Session, room: RoomName): Promise<() => void> {
    const entry = await this.#enter(session, room);
    return () => this.#goLive(session, room, entry);
  }

  /** Leaving a room that the session is not in changes nothing. */
  async leave(session: Session, room: RoomName, { grace }: { grace: boolean }): Promise<void> {
    const entry = this.#entriesOf(session).get(room);
    if (!entry) return;
    this.#drop(session, room, entry);
    await this.#deps.attendance.leave(room, session, { grace });
  }

  /** For a connection that has ended. */
  async leaveAll(session: Session): Promise<void> {
    const rooms = [...this.#entriesOf(session).keys()];
    const left = rooms.map((room) => this.leave(session, room, { grace: true }));
    this.#entries.delete(session);
    await Promise.all(left);
  }

  /** Takes the session out, and tells it so. */
  async evict(session: Session, room: RoomName, reason: string): Promise<void> {
    if (!this.#entriesOf(session).has(room)) return;
    const left = this.leave(session, room, { grace: false });
    session.send("system.room.left", { room, reason });
    await left;
  }

  /** The log has lost history: everybody in one of its rooms is told where it goes on. */
  reset(log: LogName, position: Position, reason: string): void {
    for (const [session, entries] of this.#entries) {
      for (const [room, { live }] of entries) {
        if (live && logOfRoom(room) === log) session.send("system.room.reset", { room, position, reason });
      }
    }
  }

  #entriesOf(session: Session): Map<RoomName, Entry> {
    return this.#entries.get(session) ?? new Map();
  }

  /** Not live until the catch-up is done: what comes meanwhile is in the reply, and would come twice. */
  async #enter(session: Session, room: RoomName): Promise<Entry> {
    const before = this.#entriesOf(session).get(room);
    if (!before && this.#entriesOf(session).size >= this.#deps.roomsPerConnection) {
      throw new Rejection(
        "limit_exceeded",
        `A connection may be in ${this.#deps.roomsPerConnection} rooms. Leave one first.`,
      );
    }
    const lease = await this.#deps.feeds.lease(logOfRoom(room));
    if (!session.isOpen) {
      lease.release();
      throw gone(room);
    }
    const again = this.#entriesOf(session).get(room);
    if (again) this.#drop(session, room, again);
    const entry: Entry = { lease, live: false };
    if (!this.#entries.has(session)) {
      this.#entries.set(session, new Map());
      session.onClose(() => this.leaveAll(session));
    }
    this.#entriesOf(session).set(room, entry);
    return entry;
  }

  #goLive(session: Session, room: RoomName, entry: Entry): void {
    entry.live = true;
    session.transport.join(room);
  }

  #drop(session: Session, room: RoomName, entry: Entry): void {
    this.#entriesOf(session).delete(room);
    session.transport.leave(room);
    entry.lease.release();
  }
}

function gone(room: RoomName): Rejection {
  return new Rejection("not_found", `The connection left ${room} before it was in.`);
}
