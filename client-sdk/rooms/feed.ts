import type { Envelope } from "../../shared/envelope.ts";
import type { ReplyError } from "../../shared/reply.ts";
import type { Cancel, Environment } from "../connection/environment.ts";
import { LazyEmitter } from "../lazy-emitter.ts";
import type { Logger } from "../log/logger.ts";
import type { Gap } from "./gap.ts";
import { type JoinReply, LogSubscription, type LogSubscriptionOptions } from "./log-subscription.ts";
import type { LogSubscriptions, SubscriptionEntry } from "./log-subscriptions.ts";
import type { Positions } from "./positions.ts";

/** Events of a room or topic subscription. */
export type FeedEvents<R extends JoinReply> = {
  event: Envelope;
  gap: Gap;
  /** Missed events have been delivered; what follows is live. */
  joined: R;
  /** The server refuses access. */
  refused: ReplyError;
  /** The server has removed this user from the room. */
  left: { reason: "removed" | "forbidden" };
};

export interface FeedDeps {
  subscriptions: LogSubscriptions;
  environment: Environment;
  positions: Positions;
  logger: Logger;
  /** Called for every event of every feed. */
  published(envelope: Envelope): void;
  /** Called for every gap of every feed. */
  lost(gap: Gap): void;
}

type FeedOptions<R extends JoinReply> = LogSubscriptionOptions<R> & Pick<SubscriptionEntry, "namespace" | "log">;

/** A feed without listeners is kept this long: a re-rendered component continues where it was. */
const lingerMs = 1_000;

/** A log that is followed while it has listeners. */
export class Feed<R extends JoinReply = JoinReply> {
  readonly #options: FeedOptions<R>;
  readonly #deps: FeedDeps;
  readonly #emitter: LazyEmitter<FeedEvents<R>>;
  #entry: SubscriptionEntry | undefined;
  #subscription: LogSubscription<R> | undefined;
  #stopLingering: Cancel = () => {};

  constructor(options: FeedOptions<R>, deps: FeedDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#emitter = new LazyEmitter<FeedEvents<R>>({
      activate: () => {
        this.#stopLingering();
        this.#follow();
      },
      deactivate: () => {
        this.#stopLingering = deps.environment.after(lingerMs, () => this.#leave());
      },
    });
  }

  /** Whether missed events have been delivered and events now arrive live. */
  get isLive(): boolean {
    return this.#subscription?.isLive ?? false;
  }

  /** Position of the last event received. */
  get position() {
    return this.#subscription?.position;
  }

  /** Adds a listener. The feed is followed until its last listener is removed. */
  on<Name extends keyof FeedEvents<R>>(name: Name, listener: (data: FeedEvents<R>[Name]) => void): Cancel {
    return this.#emitter.on(name, listener);
  }

  /** Joins again after `refused` or `left`, starting with the latest events. */
  rejoin(): void {
    if (!this.#entry || this.isLive) return;
    this.#leave();
    this.#follow();
  }

  #follow(): void {
    if (this.#entry) return;
    const { subscriptions, published, lost } = this.#deps;
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
    const subscription = new LogSubscription<R>(this.#options, { ...this.#deps, listener });
    this.#subscription = subscription;
    this.#entry = {
      namespace,
      log,
      subscription,
      left: ({ room, reason }) => {
        if (room !== name && room !== log()) return;
        subscription.left();
        emitter.emit("left", { reason });
      },
    };
    subscriptions.add(this.#entry);
  }

  #leave(): void {
    if (this.#entry) this.#deps.subscriptions.remove(this.#entry);
    this.#entry = undefined;
    this.#subscription = undefined;
  }
}
