import type { Envelope } from "../../shared/envelope.ts";
import type { ReplyError } from "../../shared/reply.ts";
import { AttendedEmitter } from "../attended-emitter.ts";
import type { Cancel, Environment } from "../connection/environment.ts";
import type { Logger } from "../log/logger.ts";
import { Follower, type FollowerOptions, type JoinReply } from "./follower.ts";
import type { Followed, Followers } from "./followers.ts";
import type { Gap } from "./gap.ts";
import type { Positions } from "./positions.ts";

/** What is told of a room or a subscription. */
export type FeedEvents<R extends JoinReply> = {
  event: Envelope;
  gap: Gap;
  /** Everything that was missed has been told; what follows is live. */
  joined: R;
  /** The server does not let us in. */
  refused: ReplyError;
  /** We were put out. */
  left: { reason: "removed" | "forbidden" };
};

export interface FeedDeps {
  followers: Followers;
  environment: Environment;
  positions: Positions;
  logger: Logger;
  /** Hears every event of every feed. */
  published(envelope: Envelope): void;
  /** Hears every gap of every feed. */
  lost(gap: Gap): void;
}

export type FeedOptions<R extends JoinReply> = FollowerOptions<R> & Pick<Followed, "namespace" | "log">;

/** So long a feed is kept when nobody listens: a page that is being built again comes back to it at once. */
const lingerMs = 1_000;

/** What is followed for as long as somebody listens. */
export class Feed<R extends JoinReply = JoinReply> {
  readonly #options: FeedOptions<R>;
  readonly #deps: FeedDeps;
  readonly #emitter: AttendedEmitter<FeedEvents<R>>;
  #followed: Followed | undefined;
  #follower: Follower<R> | undefined;
  #stopLingering: Cancel = () => {};

  constructor(options: FeedOptions<R>, deps: FeedDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#emitter = new AttendedEmitter<FeedEvents<R>>({
      first: () => {
        this.#stopLingering();
        this.#follow();
      },
      last: () => {
        this.#stopLingering = deps.environment.after(lingerMs, () => this.#leave());
      },
    });
  }

  /** Everything that was missed has been told, and what happens is told as it happens. */
  get isLive(): boolean {
    return this.#follower?.isLive ?? false;
  }

  /** How far it was told. */
  get position() {
    return this.#follower?.position;
  }

  /** Follows from now on, and until the last listener has gone. */
  on<Name extends keyof FeedEvents<R>>(name: Name, listener: (data: FeedEvents<R>[Name]) => void): Cancel {
    return this.#emitter.on(name, listener);
  }

  /** Asks anew to be let in, where it was refused or put out, and begins with the latest. */
  rejoin(): void {
    if (!this.#followed || this.isLive) return;
    this.#leave();
    this.#follow();
  }

  #follow(): void {
    if (this.#followed) return;
    const { followers, published, lost } = this.#deps;
    const { namespace, log, name } = this.#options;
    const emitter = this.#emitter;
    const listener = {
      event: (envelope: Envelope) => {
        emitter.emit("event", envelope);
        published(envelope);
      },
      gap: (gap: Gap) => {
        emitter.emit("gap", gap);
        lost(gap);
      },
      joined: (reply: R) => emitter.emit("joined", reply),
      refused: (error: ReplyError) => emitter.emit("refused", error),
    };
    const follower = new Follower<R>(this.#options, { ...this.#deps, listener });
    this.#follower = follower;
    this.#followed = {
      namespace,
      log,
      follower,
      left: ({ room, reason }) => {
        if (room !== name && room !== log()) return;
        follower.left();
        emitter.emit("left", { reason });
      },
    };
    followers.add(this.#followed);
  }

  #leave(): void {
    if (this.#followed) this.#deps.followers.remove(this.#followed);
    this.#followed = undefined;
    this.#follower = undefined;
  }
}
