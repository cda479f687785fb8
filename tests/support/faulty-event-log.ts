import type { EventLog, Follower } from "../../server/store/log/event-log.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { LogName } from "../../shared/room.ts";

/** What is done with an announcement on its way to the followers. */
type AnnouncementFault = "lost" | "delayed" | "none";

/** What is done with an append: it may fail before it happened, or after, when nobody can know. */
export type AppendFault = "before" | "after" | "none";

/** A log behind a connection that a test can disturb. */
export class FaultyEventLog implements EventLog {
  announcements: AnnouncementFault = "none";
  appends: AppendFault = "none";
  /** `true`: nothing can be read. */
  unreadable = false;
  /** How many reads have been asked for, the failed ones too. */
  reads = 0;
  /** The logs that are followed, once per follower. */
  readonly followed: LogName[] = [];

  #inner: EventLog;
  readonly #following = new Set<{ name: LogName; follower: Follower; unfollow: () => void }>();
  #delayed: (() => void)[] = [];

  constructor(inner: EventLog) {
    this.#inner = inner;
  }

  async append(...args: Parameters<EventLog["append"]>): ReturnType<EventLog["append"]> {
    if (this.appends === "before") throw outOfReach();
    const appended = await this.#inner.append(...args);
    if (this.appends === "after") throw outOfReach();
    return appended;
  }

  async read(...args: Parameters<EventLog["read"]>): ReturnType<EventLog["read"]> {
    this.reads++;
    if (this.unreadable) throw outOfReach();
    return this.#inner.read(...args);
  }

  async readBack(...args: Parameters<EventLog["readBack"]>): ReturnType<EventLog["readBack"]> {
    this.reads++;
    if (this.unreadable) throw outOfReach();
    return this.#inner.readBack(...args);
  }

  async bounds(name: LogName): ReturnType<EventLog["bounds"]> {
    if (this.unreadable) throw outOfReach();
    return this.#inner.bounds(name);
  }

  async follow(name: LogName, follower: Follower): Promise<() => void> {
    if (this.unreadable) throw outOfReach();
    const entry = { name, follower, unfollow: await this.#inner.follow(name, this.#through(follower)) };
    this.#following.add(entry);
    this.followed.push(name);
    return () => {
      if (!this.#following.delete(entry)) return;
      entry.unfollow();
      this.followed.splice(this.followed.indexOf(name), 1);
    };
  }

  /** Lets the delayed announcements through, the last one first. */
  releaseDelayed(): void {
    for (const announce of this.#delayed.splice(0).reverse()) announce();
  }

  /** The store comes back without what it had: another log takes its place, of another epoch. */
  async replaceBy(inner: EventLog): Promise<void> {
    this.#inner = inner;
    for (const entry of this.#following) {
      entry.unfollow();
      entry.unfollow = await inner.follow(entry.name, this.#through(entry.follower));
    }
  }

  /** The connection was lost and is there again. */
  interrupt(): void {
    for (const { follower } of this.#following) follower.interrupted();
  }

  #through(follower: Follower): Follower {
    return {
      announced: (event: LoggedEnvelope) => {
        if (this.announcements === "none") follower.announced(event);
        if (this.announcements === "delayed") this.#delayed.push(() => follower.announced(event));
      },
      interrupted: () => follower.interrupted(),
    };
  }
}

function outOfReach(): Rejection {
  return new Rejection("unavailable", "The log is out of reach.");
}
