import type { LostReason } from "../../shared/commands/fields.ts";
import type { Envelope, LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { ReplyError, Reply as WireReply } from "../../shared/reply.ts";
import { retryAfterOf } from "../connection/connection-machine.ts";
import type { Cancel, Environment } from "../connection/environment.ts";
import type { Logger } from "../log/logger.ts";
import type { Link } from "../transport/transport.ts";
import { comparePosition } from "./compare-position.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import type { Gap, GetState } from "./gap.ts";
import type { Positions } from "./positions.ts";

/** The part of a join's reply that rooms and topic subscriptions have in common. */
export interface JoinReply {
  joined: boolean;
  position: Position;
  events: LoggedEnvelope[];
  recovered?: boolean;
  lostReason?: LostReason;
  /** Latest updates of components, for `/monitoring`. */
  latest?: Envelope[];
}

interface LogSubscriptionListener<R extends JoinReply> {
  event(envelope: Envelope): void;
  gap(gap: Gap): void;
  /** Events up to the reply's position were delivered; what follows is live. */
  joined(reply: R): void;
  /** The server refuses access; the next connection tries again. */
  refused(error: ReplyError): void;
}

export interface LogSubscriptionOptions<R extends JoinReply> {
  /** The room, or the id of the topic subscription: key of the stored position, and `room` of a gap. */
  name: string;
  /** Sends the command that joins. `answer` is called as in {@link Link.command}. */
  join(link: Link, from: { after?: Position; limit: number }, answer: (reply: WireReply<R>) => void): void;
  leave(link: Link): void;
  /** Whether an event belongs to this subscription. */
  accepts(envelope: Envelope): boolean;
  /** Whether every offset of the log is delivered, so that a skipped offset is a gap. */
  isContiguous: boolean;
  /** Without a position, this many recent events are delivered first. */
  recent: number;
  /** Position to start after, whatever is stored. */
  after?: Position | undefined;
  getState?: GetState | undefined;
}

interface Deps<R extends JoinReply> {
  environment: Environment;
  positions: Positions;
  logger: Logger;
  listener: LogSubscriptionListener<R>;
}

/** The server's limit for a page. */
const pageLimit = 1_000;
const retryDelayMs = { min: 500, max: 10_000 };

/** Follows a log across reconnects: delivers each event once and in order, and reports a gap where events were lost. */
export class LogSubscription<R extends JoinReply = JoinReply> {
  readonly #options: LogSubscriptionOptions<R>;
  readonly #deps: Deps<R>;
  #link: Link | undefined;
  /** Position of the last event received; events that are held back have not been delivered yet. */
  #position: Position | undefined;
  readonly #deliveries = new DeliveryQueue();
  #isLive = false;
  #joins = 0;
  #failures = 0;
  #cancelRetry: Cancel = () => {};
  #settled: () => void = () => {};

  constructor(options: LogSubscriptionOptions<R>, deps: Deps<R>) {
    this.#options = options;
    this.#deps = deps;
    // An explicit position is that of the application's own data, and overrides the stored one.
    this.#position = options.after ?? deps.positions.get(options.name);
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  /** Joins over a new link. Calls `settled` once, when the subscription is live or has to retry. */
  attach(link: Link, settled: () => void = () => {}): void {
    this.detach();
    this.#link = link;
    this.#settled = settled;
    this.#join(link);
  }

  detach(): void {
    this.#joins += 1;
    this.#link = undefined;
    this.#isLive = false;
    this.#failures = 0;
    this.#cancelRetry();
    this.#settle();
  }

  /** Leaves the log and forgets its position. */
  stop(): void {
    const link = this.#link;
    this.detach();
    this.#deliveries.close();
    // A later subscription starts from the latest events again.
    this.#deps.positions.delete(this.#options.name);
    if (link) this.#options.leave(link);
  }

  /** Takes a live event of any log. */
  receive(envelope: Envelope): void {
    if (!this.#isLive || !this.#options.accepts(envelope)) return;
    // Over HTTP the pieces of a streamed response arrive merged, so that offsets are skipped.
    this.#take(envelope, this.#options.isContiguous && this.#link?.via === "websocket");
  }

  /** The server has lost history and continues from a position. */
  reset(position: Position, reason: LostReason): void {
    if (!this.#isLive) return;
    this.#moveTo(position);
    this.#reportGap(reason, position);
  }

  /** The server has removed this user from the room. */
  left(): void {
    this.#joins += 1;
    this.#isLive = false;
    this.#cancelRetry();
  }

  #join(link: Link): void {
    const join = ++this.#joins;
    this.#isLive = false;
    const after = this.#position;
    const from = after ? { after, limit: pageLimit } : { limit: Math.max(1, this.#options.recent) };
    this.#options.join(link, from, (reply) => {
      if (join === this.#joins && link === this.#link) this.#onReply(link, reply);
    });
  }

  #onReply(link: Link, reply: WireReply<R>): void {
    const { listener, logger } = this.#deps;
    const { name, recent } = this.#options;
    if (!reply.ok) {
      if (reply.error.retryable) return this.#retry(link, reply.error);
      logger.warn(`${name}: ${reply.error.code}: ${reply.error.message}`);
      this.#settle();
      return this.#deliveries.deliver(() => listener.refused(reply.error));
    }
    this.#failures = 0;
    const { data } = reply;
    const isFirst = this.#position === undefined;
    if (data.recovered === false) {
      this.#position = undefined;
      this.#reportGap(data.lostReason ?? "trimmed", data.position);
    }
    if (!isFirst || recent > 0) for (const event of data.events) this.#take(event, false);
    // Events of other topics after the last one of the page need not be read again.
    this.#moveTo(data.position);
    if (!data.joined) return this.#join(link);
    for (const event of data.latest ?? []) this.#take(event, false);
    this.#isLive = true;
    this.#deliveries.deliver(() => listener.joined(data));
    this.#settle();
  }

  #retry(link: Link, error: ReplyError): void {
    this.#failures += 1;
    const backoffMs = Math.min(retryDelayMs.max, retryDelayMs.min * 2 ** (this.#failures - 1));
    const delayMs = (retryAfterOf(error) ?? backoffMs) * (1 + this.#deps.environment.random());
    this.#cancelRetry = this.#deps.environment.after(delayMs, () => this.#join(link));
    this.#settle();
  }

  #take(envelope: Envelope, isContiguous: boolean): void {
    const { listener } = this.#deps;
    const { position } = envelope;
    if (position && this.#position) {
      const order = comparePosition(this.#position, position, isContiguous);
      if (order === "duplicate") return;
      if (order !== "next" && this.#link) {
        this.#deps.logger.warn(`${this.#options.name}: ${position.offset} came after ${this.#position.offset}`);
        return this.#join(this.#link);
      }
    }
    if (position) this.#position = position;
    this.#deliveries.deliver(() => {
      listener.event(envelope);
      if (position) this.#deps.positions.set(this.#options.name, position);
    });
  }

  #moveTo(position: Position): void {
    this.#position = position;
    this.#deliveries.deliver(() => this.#deps.positions.set(this.#options.name, position));
  }

  #reportGap(reason: LostReason, position: Position): void {
    const { getState, name: room } = this.#options;
    this.#deliveries.deliverGap({ room, reason, position }, getState, (gap) => this.#deps.listener.gap(gap));
  }

  #settle(): void {
    const settled = this.#settled;
    this.#settled = () => {};
    settled();
  }
}
