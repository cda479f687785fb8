import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { DisconnectReason } from "../../../shared/disconnect-reason.ts";
import type { Envelope } from "../../../shared/envelope.ts";
import type { EventType } from "../../../shared/event-type.ts";
import { limits } from "../../../shared/limits.ts";
import type { Position } from "../../../shared/position.ts";
import { Rejection } from "../../../shared/rejection.ts";
import type { Reply } from "../../../shared/reply.ts";
import type { LogName } from "../../../shared/room.ts";
import type { Resumed } from "../../resume/start-catch-up.ts";
import type { Respond } from "../../route/router.ts";
import type { Clock } from "../../runtime/clock.ts";
import { pause } from "../../runtime/pause.ts";
import type { Channel } from "../../session/channel.ts";
import type { Session, Transport } from "../../session/session.ts";
import {
  frameOf,
  heartbeatFrame,
  positionFrameOf,
  retryFrameOf,
  startEventStream,
  systemFrameOf,
} from "./event-stream-frames.ts";

interface EventStreamOptions {
  response: ServerResponse;
  session: Session;
  /** The streams of all readers by channel. */
  members: Map<Channel, Set<EventStream>>;
  clock: Clock;
  backlogBytes: number;
  /** The log of the positions. */
  source: LogName;
  /** The event types sent; `undefined`: all. */
  types: ReadonlySet<EventType> | undefined;
}

/** Requests a page from a position; responds in the tick in which the events after it go live. */
type AskForPage = (place: { after?: Position; limit: number }, respond: Respond) => Promise<void>;

/** A page of a join's or a subscription's reply. */
type Page = Resumed & { latest?: Envelope[] };

/** Random, so that readers do not all reconnect at once. */
export const retryMs = () => 1_000 + Math.random() * 2_000;
/** Time for a reader to take the remaining output. */
const closeTimeoutMs = 2_000;

/** The stream of one reader. */
export class EventStream implements Transport {
  readonly #options: EventStreamOptions;
  #isOpen = false;
  /** Closed before it was open. */
  #isClosing = false;
  /** Frames to write when the stream opens. */
  #early = "";

  constructor(options: EventStreamOptions) {
    this.#options = options;
    options.response.once("close", () => void options.session.closed("closed"));
  }

  /** Writes page after page until the reader is live. If the first is refused, rejects without writing anything. */
  async follow(after: Position | undefined, limit: number, ask: AskForPage): Promise<void> {
    const { session } = this.#options;
    let place: { after?: Position; limit: number } = after ? { after, limit: limits.pageMax } : { limit };
    while (session.isOpen) {
      let reply: Reply<unknown> | undefined;
      await ask(place, (answer) => {
        reply = answer;
        // In the same tick, so that live events follow directly.
        if (answer.ok) this.#writePage(answer.data as Page, place.after !== undefined);
      });
      if (reply?.ok) {
        const { joined, position } = reply.data as Page;
        if (joined) return;
        place = { after: position, limit: limits.pageMax };
        await this.#drained();
      } else if (!this.#isOpen) {
        await session.closed("refused");
        const { code = "internal", message = "", details } = reply?.error ?? {};
        throw new Rejection(code, message, details);
      } else if (reply?.error.retryable) {
        await pause(1_000);
      } else {
        return this.close("protocol_error");
      }
    }
  }

  deliver(type: EventType, frame: string): void {
    const { types, response, session, backlogBytes } = this.#options;
    if (types && !types.has(type)) return;
    if (response.writableLength > backlogBytes) session.close("slow_consumer");
    else response.write(frame);
  }

  send(name: string, data: unknown): void {
    const { response, session, clock } = this.#options;
    if (name === "system.ping") {
      if (!this.#isOpen) return;
      // A reader cannot answer; taking all output shows that it is alive.
      if (response.writableLength === 0) session.lastSeenMs = clock.monotonicMs();
      return void response.write(heartbeatFrame);
    }
    const { position, retryAfterMs } = data as { position?: Position; retryAfterMs?: number };
    const frame = systemFrameOf(name, data, position);
    if (this.#isOpen) response.write(frame);
    else this.#early += frame;
    if (retryAfterMs !== undefined) response.write(retryFrameOf(retryAfterMs));
    // A stream reads only one room.
    if (name === "system.room.left") response.end();
  }

  join(channel: Channel): void {
    const { members } = this.#options;
    members.set(channel, (members.get(channel) ?? new Set()).add(this));
  }

  leave(channel: Channel): void {
    const { members } = this.#options;
    const streams = members.get(channel);
    streams?.delete(this);
    if (streams?.size === 0) members.delete(channel);
  }

  backlogBytes(): number {
    return this.#options.response.writableLength;
  }

  close(reason: DisconnectReason): void {
    const { response } = this.#options;
    if (reason === "slow_consumer") return void response.destroy();
    // Before it is open it may still be refused, and the response belongs to the route.
    this.#isClosing = true;
    if (!this.#isOpen) return;
    response.end();
    const timer = setTimeout(() => response.destroy(), closeTimeoutMs);
    response.once("close", () => clearTimeout(timer));
  }

  #writePage({ events, latest = [], position, recovered, lostReason }: Page, isResumed: boolean): void {
    const { response, types, source: room } = this.#options;
    this.#open();
    if (isResumed && recovered === false) {
      response.write(systemFrameOf("system.room.reset", { room, position, reason: lostReason }));
    }
    for (const event of [...events, ...latest]) if (!types || types.has(event.type)) response.write(frameOf(event));
    response.write(positionFrameOf(position));
    if (this.#isClosing) response.end();
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const { response } = this.#options;
    startEventStream(response);
    response.socket?.setKeepAlive(true, 30_000);
    response.write(retryFrameOf(retryMs()) + this.#early);
  }

  /** Resolves when the reader has taken enough output, or has disconnected. */
  async #drained(): Promise<void> {
    const { response, session } = this.#options;
    if (response.writableNeedDrain) await Promise.race([once(response, "drain"), session.whenClosed]);
  }
}
