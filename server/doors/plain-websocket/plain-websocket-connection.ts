import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { disconnectReasons } from "../../../shared/disconnect-reason.ts";
import { isHlinkType } from "../../../shared/entities/hlink.ts";
import { bytesOfLargest } from "../../../shared/message-bytes.ts";
import { ClientFrame } from "../../../shared/plain-websocket/frames.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type FlushScheduler, Outbox } from "../../deliver/outbox.ts";
import type { SubscriberIndex } from "../../deliver/subscriber-index.ts";
import { TextFrame } from "../../deliver/text-frame.ts";
import type { Call, Respond, Router } from "../../route/router.ts";
import { type Clock, timestampOf } from "../../runtime/clock.ts";
import type { LoopTurns } from "../../runtime/loop-turns.ts";
import type { Channel } from "../../session/channel.ts";
import type { Session, Transport } from "../../session/session.ts";
import { tooLarge } from "../wire/ending.ts";
import type { NotifyingWebSocket } from "../wire/notifying-web-socket.ts";
import { allowBytes } from "../wire/raw-socket.ts";
import { ReadThrottle } from "../wire/read-throttle.ts";
import { commandScopesOf } from "./command-scopes-of.ts";
import { endWebSocket } from "./end-web-socket.ts";
import { parseJson } from "./parse-json.ts";
import { WebSocketWire } from "./web-socket-wire.ts";

export interface ConnectionOptions {
  router: Router;
  clock: Clock;
  /** `LIMIT_MESSAGE_BYTES` */
  messageBytes: number;
  /** Unsent bytes that a connection may have. */
  backlogBytes: number;
  scheduler: FlushScheduler;
  turns: LoopTurns;
  /** Whether frames may be written past the library, according to the self-check. */
  direct: boolean;
}

/** The connection of one client. */
export class PlainWebSocketConnection implements Transport {
  readonly #webSocket: WebSocket;
  readonly #tcp: Socket;
  readonly #session: Session;
  readonly #subscribers: SubscriberIndex;
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #intake: ReadThrottle;

  constructor(
    webSocket: NotifyingWebSocket,
    tcp: Socket,
    session: Session,
    subscribers: SubscriberIndex,
    options: ConnectionOptions,
  ) {
    this.#webSocket = webSocket;
    this.#tcp = tcp;
    this.#session = session;
    this.#subscribers = subscribers;
    this.#options = options;
    const { scheduler, turns, direct, backlogBytes } = options;
    const wire = new WebSocketWire(webSocket, { direct, backlogBytes, slow: () => session.close("slow_consumer") });
    this.#outbox = new Outbox(scheduler, wire);
    this.#intake = new ReadThrottle(turns, wire);
    this.refreshed();
    webSocket.onTooLarge = () => {
      this.send("system.error", { command: null, error: tooLarge(this.#frameBytes) });
      this.#outbox.flush();
    };
    webSocket.on("message", (data, isBinary) => this.receive(data, isBinary));
    webSocket.on("pong", () => this.#seen());
    webSocket.on("close", (code) => {
      this.#outbox.close();
      void session.closed(`closed with ${code}`);
    });
  }

  send(name: string, payload: unknown): void {
    // Clients need not answer system.ping: the answer to a WebSocket ping is enough.
    if (name === "system.ping") this.#webSocket.ping();
    this.#write({ type: name, timestamp: timestampOf(this.#options.clock), payload });
  }

  refreshed(): void {
    allowBytes(this.#webSocket, this.#frameBytes);
  }

  get #frameBytes(): number {
    return bytesOfLargest(this.#session.principal.roles, this.#options.messageBytes);
  }

  join(channel: Channel): void {
    this.#subscribers.join(channel, this.#outbox);
  }

  leave(channel: Channel): void {
    this.#subscribers.leave(channel, this.#outbox);
  }

  backlogBytes(): number {
    return this.#outbox.size + this.#webSocket.bufferedAmount;
  }

  /** As a mark of the oldest unsent byte: how many the network has taken. It stays the same while the client reads nothing. */
  oldestUnsent(): number | undefined {
    if (this.#webSocket.bufferedAmount === 0) return undefined;
    return this.#tcp.bytesWritten - this.#tcp.writableLength;
  }

  close(reason: keyof typeof disconnectReasons): void {
    this.#outbox.flush();
    endWebSocket(this.#webSocket, disconnectReasons[reason].closeCode, reason);
  }

  /** Joins the conversation named in the URL. */
  joinConversation(conversationId: string): void {
    const payload = { room: `conversation:${conversationId}` };
    this.#route({ type: "join_room", payload, id: "conversation_id" }, 0);
  }

  receive(data: unknown, isBinary: boolean): void {
    // A closing connection is still read until the client answers; its commands are ignored.
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#seen();
    const text = String(data);
    const json = isBinary ? undefined : parseJson(text);
    const bytes = Buffer.byteLength(text);
    this.#intake.take(() => {
      if (isHlinkFrame(json)) return this.#routeHlink(json, bytes, text);
      const frame = ClientFrame.safeParse(json).data;
      if (frame) this.#route(frame, bytes, text);
      else
        void this.#options.router.handle({ ...unreadable, session: this.#session, bytes }, this.#replyTo(idOf(json)));
    });
  }

  #route(frame: ClientFrame, bytes: number, text?: string): void {
    const { type: command, payload, id } = frame;
    const scopes = commandScopesOf(this.#session, payload);
    // Of the frame: the check of the text for doubled keys counts the fields of both.
    const otherFields = Object.keys(frame).length;
    const call: Call = { session: this.#session, command, payload, bytes, scopes, text, isFrame: true, otherFields };
    void this.#options.router.handle(call, this.#replyTo(id));
  }

  #replyTo(id: string | undefined): Respond | undefined {
    return id === undefined ? undefined : (payload) => this.#write({ type: "reply", id, payload });
  }

  /** An HLink message is a frame of its own form, and so is its acknowledgement. */
  #routeHlink(payload: unknown, bytes: number, text: string): void {
    const command = "hlink_message";
    void this.#options.router.handle({ session: this.#session, command, payload, bytes, text }, (reply) => {
      if (reply.ok) this.#write(reply.data);
      else this.#session.send("system.error", { command, error: reply.error });
    });
  }

  #seen(): void {
    this.#session.lastSeenMs = this.#options.clock.monotonicMs();
  }

  #write(frame: unknown): void {
    this.#outbox.send(new TextFrame(JSON.stringify(frame)));
  }
}

/** Handled as a command, so that it counts against the rate limit. */
const unreadable = {
  command: null,
  payload: undefined,
  fault: new Rejection("invalid_payload", 'A frame must be JSON text: { "type": …, "id"?: …, "payload": … }.'),
};

/** A frame with an id gets its reply under that id even if the rest is malformed. */
function idOf(json: unknown): string | undefined {
  if (typeof json !== "object" || json === null || !("id" in json)) return undefined;
  return typeof json.id === "string" ? json.id : undefined;
}

function isHlinkFrame(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("type" in json)) return false;
  return typeof json.type === "string" && isHlinkType(json.type);
}
