import type { LostReason } from "../../shared/commands/fields.ts";
import type { Envelope, LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { ReplyError, Reply as WireReply } from "../../shared/reply.ts";
import { retryAfterOf } from "../connection/connection-machine.ts";
import type { Cancel, Environment } from "../connection/environment.ts";
import type { Logger } from "../log/logger.ts";
import type { Link } from "../transport/transport.ts";
import type { Gap, GetState } from "./gap.ts";
import { placeOf } from "./place-of.ts";
import type { Positions } from "./positions.ts";
import { Telling } from "./telling.ts";

/** What a join is answered, the parts that every join has. */
export interface JoinReply {
  joined: boolean;
  position: Position;
  events: LoggedEnvelope[];
  recovered?: boolean;
  lostReason?: LostReason;
  /** Of `/monitoring`. */
  latest?: Envelope[];
}

export interface FollowerListener<R extends JoinReply> {
  event(envelope: Envelope): void;
  gap(gap: Gap): void;
  /** Everything up to the reply's position was told; what follows is live. */
  joined(reply: R): void;
  /** The server does not let us in; it is tried again with the next connection. */
  refused(error: ReplyError): void;
}

export interface FollowerOptions<R extends JoinReply> {
  /** The room, or the id of the subscription: what its position is kept under, and what a gap is told of. */
  name: string;
  /** Sends the command that joins. `answer` as in {@link Link.command}. */
  join(link: Link, from: { after?: Position; limit: number }, answer: (reply: WireReply<R>) => void): void;
  leave(link: Link): void;
  /** Whether an event belongs here. */
  accepts(envelope: Envelope): boolean;
  /** Every offset of the log comes, so that one that is left out shows. */
  isWhole: boolean;
  /** So many of the latest events are told when there is no position yet. */
  recent: number;
  /** Where to begin when no position is known. */
  after?: Position | undefined;
  getState?: GetState | undefined;
}

interface Deps<R extends JoinReply> {
  environment: Environment;
  positions: Positions;
  logger: Logger;
  listener: FollowerListener<R>;
}

/** As many as the server gives at once. */
const pageLimit = 1_000;
const restMs = { least: 500, most: 10_000 };

/** One room or subscription, followed over any number of connections: everything once, in order, or a gap is told. */
export class Follower<R extends JoinReply = JoinReply> {
  readonly #options: FollowerOptions<R>;
  readonly #deps: Deps<R>;
  #link: Link | undefined;
  /** How far events have come in; those that are held were not told yet. */
  #position: Position | undefined;
  readonly #telling = new Telling();
  #isLive = false;
  #joins = 0;
  #failures = 0;
  #cancelRetry: Cancel = () => {};
  #settled: () => void = () => {};

  constructor(options: FollowerOptions<R>, deps: Deps<R>) {
    this.#options = options;
    this.#deps = deps;
    // A place that is given is what the application has, whatever it had before.
    this.#position = options.after ?? deps.positions.get(options.name);
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  /** Joins, or joins again. `settled` is called once: it is live, or it will take longer. */
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

  /** For good. */
  stop(): void {
    const link = this.#link;
    this.detach();
    this.#telling.stop();
    // Who comes back later begins anew.
    this.#deps.positions.delete(this.#options.name);
    if (link) this.#options.leave(link);
  }

  /** A live event, ours or not. */
  receive(envelope: Envelope): void {
    if (!this.#isLive || !this.#options.accepts(envelope)) return;
    // Over HTTP the pieces of a streamed answer come merged, and offsets are left out.
    this.#take(envelope, this.#options.isWhole && this.#link?.via === "websocket");
  }

  /** The server has lost history under us, and goes on from a position. */
  reset(position: Position, reason: LostReason): void {
    if (!this.#isLive) return;
    this.#moveTo(position);
    this.#tellGap(reason, position);
  }

  /** We were put out. */
  left(): void {
    this.#joins += 1;
    this.#isLive = false;
    this.#cancelRetry();
  }

  #join(link: Link): void {
    const mine = ++this.#joins;
    this.#isLive = false;
    const after = this.#position;
    const from = after ? { after, limit: pageLimit } : { limit: Math.max(1, this.#options.recent) };
    this.#options.join(link, from, (reply) => {
      if (mine === this.#joins && link === this.#link) this.#answered(link, reply);
    });
  }

  #answered(link: Link, reply: WireReply<R>): void {
    const { listener, logger } = this.#deps;
    const { name, recent } = this.#options;
    if (!reply.ok) {
      if (reply.error.retryable) return this.#retry(link, reply.error);
      logger.warn(`${name}: ${reply.error.code}: ${reply.error.message}`);
      this.#settle();
      return this.#telling.tell(() => listener.refused(reply.error));
    }
    this.#failures = 0;
    const { data } = reply;
    const isFirst = this.#position === undefined;
    if (data.recovered === false) {
      this.#position = undefined;
      this.#tellGap(data.lostReason ?? "trimmed", data.position);
    }
    if (!isFirst || recent > 0) for (const event of data.events) this.#take(event, false);
    // What comes behind the last event of a page, and is none of ours, is not asked for again.
    this.#moveTo(data.position);
    if (!data.joined) return this.#join(link);
    for (const event of data.latest ?? []) this.#take(event, false);
    this.#isLive = true;
    this.#telling.tell(() => listener.joined(data));
    this.#settle();
  }

  #retry(link: Link, error: ReplyError): void {
    this.#failures += 1;
    const backoffMs = Math.min(restMs.most, restMs.least * 2 ** (this.#failures - 1));
    const delayMs = (retryAfterOf(error) ?? backoffMs) * (1 + this.#deps.environment.random());
    this.#cancelRetry = this.#deps.environment.after(delayMs, () => this.#join(link));
    this.#settle();
  }

  #take(envelope: Envelope, isWhole: boolean): void {
    const { listener } = this.#deps;
    const { position } = envelope;
    if (position && this.#position) {
      const place = placeOf(this.#position, position, isWhole);
      if (place === "old") return;
      if (place !== "next" && this.#link) {
        this.#deps.logger.warn(`${this.#options.name}: ${position.offset} came after ${this.#position.offset}`);
        return this.#join(this.#link);
      }
    }
    if (position) this.#position = position;
    this.#telling.tell(() => {
      listener.event(envelope);
      if (position) this.#deps.positions.set(this.#options.name, position);
    });
  }

  #moveTo(position: Position): void {
    this.#position = position;
    this.#telling.tell(() => this.#deps.positions.set(this.#options.name, position));
  }

  #tellGap(reason: LostReason, position: Position): void {
    const { getState, name: room } = this.#options;
    this.#telling.gap({ room, reason, position }, getState, (gap) => this.#deps.listener.gap(gap));
  }

  #settle(): void {
    const settled = this.#settled;
    this.#settled = () => {};
    settled();
  }
}
