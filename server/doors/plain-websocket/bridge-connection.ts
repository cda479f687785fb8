import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { CancelMessage, DispatchMessage } from "../../../shared/agent-messages.ts";
import type { CommandData } from "../../../shared/commands/catalogue.ts";
import { closeCodes, disconnectReasons } from "../../../shared/disconnect-reason.ts";
import type { MessageId } from "../../../shared/ids.ts";
import { limits } from "../../../shared/limits.ts";
import { bytesOfLargest } from "../../../shared/message-bytes.ts";
import { BridgeFrame } from "../../../shared/plain-websocket/agent-bridge-frames.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type Reply, replyError } from "../../../shared/reply.ts";
import { bearerToken } from "../../connect/bearer-token.ts";
import type { Connector, OpenedConnection } from "../../connect/connector.ts";
import type { Logger } from "../../observe/logger.ts";
import { invalidPayload, type Router } from "../../route/router.ts";
import { type Clock, timestampOf } from "../../runtime/clock.ts";
import type { Session, Transport } from "../../session/session.ts";
import { tooLarge } from "../wire/ending.ts";
import type { NotifyingWebSocket } from "../wire/notifying-web-socket.ts";
import { allowBytes } from "../wire/raw-socket.ts";
import { cancelFrame, commandOf, dispatchFrame, errorFrame, heartbeatFrame, registeredFrame } from "./bridge-frames.ts";
import { endAfterError, endWebSocket, refusalCodeOf } from "./end-web-socket.ts";
import { parseJson } from "./parse-json.ts";

export interface BridgeOptions {
  /** `LIMIT_MESSAGE_BYTES` */
  messageBytes: number;
  connector: Connector;
  router: Router;
  clock: Clock;
  logger: Logger;
}

/** Time within which an agent must register. */
const registerTimeoutMs = 10_000;
/** Limits of the frames waiting for earlier ones, in number and bytes, since the agent is not authenticated yet. */
const waitingMax = 1_000;
const waitingBytesMax = limits.unknownClientBytes;

/** The connection of one agent. */
export class BridgeConnection implements Transport {
  readonly #webSocket: WebSocket;
  readonly #options: BridgeOptions;
  readonly #token: string | undefined;
  /** The newest attempt that was sent over this connection, by dispatch. */
  readonly #newest = new Map<MessageId, number>();
  readonly #registerTimer: NodeJS.Timeout;
  #session: Session | undefined;
  #agentId: string | undefined;
  /** Until the agent has registered, frames are handled one after another. */
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;

  constructor(webSocket: NotifyingWebSocket, request: IncomingMessage, options: BridgeOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
    const url = new URL(request.url ?? "", "http://host");
    this.#token = bearerToken(request.headers.authorization) ?? url.searchParams.get("token") ?? undefined;
    this.#registerTimer = setTimeout(() => this.#registerFirst(), registerTimeoutMs).unref();
    webSocket.on("message", (data, isBinary) => this.#receive(isBinary ? undefined : String(data)));
    webSocket.onTooLarge = () => this.#write(errorFrame(tooLarge(this.#frameBytes), null));
    webSocket.on("error", (error) => endAfterError(webSocket, error));
    webSocket.on("pong", () => this.#seen());
    webSocket.on("close", (code) => {
      clearTimeout(this.#registerTimer);
      void this.#session?.closed(`closed with ${code}`);
    });
  }

  send(name: string, data: unknown): void {
    // Messages that a minimal bridge would have to ignore are not sent: it has `registered`, and its library answers
    // pings.
    if (name === "system.ping") return this.#webSocket.ping();
    if (name === "system.connection.established") return;
    if (name === "cancel") {
      const message = CancelMessage.parse(data);
      this.#newest.delete(message.messageId);
      return this.#write(cancelFrame(message));
    }
    this.#write({ type: name, timestamp: timestampOf(this.#options.clock), payload: data });
  }

  /** The bridge protocol has no acknowledgement of dispatches: sent counts as accepted. */
  async ask(_name: string, data: unknown): Promise<unknown> {
    const message = DispatchMessage.parse(data);
    this.#newest.set(message.messageId, message.attempt);
    this.#write(dispatchFrame(message));
    return { accepted: true };
  }

  join(): void {}

  leave(): void {}

  refreshed(): void {
    allowBytes(this.#webSocket, this.#frameBytes);
  }

  backlogBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  close(reason: keyof typeof disconnectReasons): void {
    endWebSocket(this.#webSocket, disconnectReasons[reason].closeCode, reason);
  }

  #receive(text: string | undefined): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#seen();
    if (this.#agentId !== undefined) return void this.#handle(text);
    const bytes = text === undefined ? 0 : Buffer.byteLength(text);
    if (this.#waiting >= waitingMax || this.#waitingBytes + bytes > waitingBytesMax) return this.close("rate_limited");
    this.#waiting++;
    this.#waitingBytes += bytes;
    this.#queue = this.#queue.then(async () => {
      this.#waiting--;
      this.#waitingBytes -= bytes;
      if (this.#webSocket.readyState === WebSocket.OPEN) await this.#handle(text);
    });
  }

  async #handle(text: string | undefined): Promise<void> {
    const bytes = text === undefined ? 0 : Buffer.byteLength(text);
    const json = parseJson(text);
    const parsed = BridgeFrame.safeParse(json);
    if (this.#agentId === undefined && typeOf(json) !== "register") return this.#registerFirst();
    const session = this.#session ?? (await this.#open(json));
    if (!session) return;
    const messageId = messageIdOf(json);
    // Handled as a command, so that it counts against the rate limit.
    const refuse = (fault: Rejection) =>
      this.#options.router.handle({ session, command: null, payload: undefined, bytes, fault }, (reply) =>
        this.#answer("", messageId, reply),
      );
    if (!parsed.success) return refuse(json === undefined ? unreadable : invalidPayload("the frame", parsed.error));
    if (!this.#speaksForItself(parsed.data))
      return refuse(new Rejection("forbidden", `This connection belongs to agent ${this.#agentId}.`));
    const { name, payload } = commandOf(parsed.data, this.#agentId, (id) => this.#newest.get(id) ?? 1);
    await this.#options.router.handle({ session, command: name, payload, bytes, text }, (reply) =>
      this.#answer(name, messageId, reply),
    );
  }

  /** Takes the token from the first frame, or else from the request. */
  async #open(json: unknown): Promise<Session | undefined> {
    const { connector, logger } = this.#options;
    const inFrame = (json as { auth_token?: unknown }).auth_token;
    let opened: OpenedConnection;
    try {
      const request = {
        token: inFrame ?? this.#token,
        door: "/agents",
        namespaces: ["/agents"],
        autoJoin: false,
      } as const;
      opened = await connector.open(request);
    } catch (error) {
      if (!(error instanceof Rejection)) logger.error("connect failed", { error });
      const refusal =
        error instanceof Rejection ? error.error : replyError("internal", "The server failed to open the connection.");
      this.#write(errorFrame(refusal, null));
      endWebSocket(this.#webSocket, refusalCodeOf(refusal.code), refusal.code);
      return undefined;
    }
    if (this.#webSocket.readyState !== WebSocket.OPEN) {
      await opened.abandon();
      return undefined;
    }
    this.#session = opened.session;
    this.refreshed();
    opened.activate(this);
    return opened.session;
  }

  get #frameBytes(): number {
    const roles = this.#session?.principal.roles ?? [];
    return Math.max(bytesOfLargest(roles, this.#options.messageBytes), limits.unknownClientBytes);
  }

  #speaksForItself(frame: BridgeFrame): boolean {
    if (frame.type === "register" || !("agent_id" in frame)) return true;
    return (frame.agent_id ?? this.#agentId) === this.#agentId;
  }

  #answer(name: string, messageId: MessageId | null, reply: Reply<unknown>): void {
    if (!reply.ok) return this.#write(errorFrame(reply.error, messageId));
    switch (name) {
      case "register": {
        const data = reply.data as CommandData<"/agents", "register">;
        clearTimeout(this.#registerTimer);
        this.#agentId = data.agentId;
        for (const { messageId, attempt } of data.resume) this.#newest.set(messageId, attempt);
        return this.#write(registeredFrame(data));
      }
      case "heartbeat":
        return this.#write(heartbeatFrame(reply.data as CommandData<"/agents", "heartbeat">));
      case "progress": {
        const { cancel } = reply.data as CommandData<"/agents", "progress">;
        if (cancel && messageId) this.#write(cancelFrame({ messageId, reason: stale }));
        return;
      }
      case "response": {
        const { accepted } = reply.data as CommandData<"/agents", "response">;
        if (!accepted)
          this.#write(errorFrame(replyError("conflict", `The response is not accepted: ${stale}.`), messageId));
        else if (messageId) this.#newest.delete(messageId);
      }
    }
  }

  #registerFirst(): void {
    this.#write(errorFrame(replyError("conflict", "The first frame must be register."), null));
    endWebSocket(this.#webSocket, closeCodes.registerFirst, "register first");
  }

  #seen(): void {
    if (this.#session) this.#session.lastSeenMs = this.#options.clock.monotonicMs();
  }

  #write(frame: unknown): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.send(JSON.stringify(frame));
  }
}

const stale = "the dispatch has ended, or continues with another attempt";

const unreadable = new Rejection("invalid_payload", 'A frame must be JSON text: { "type": …, … }.');

function fieldOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

const typeOf = (json: unknown) => fieldOf(json, "type");

/** The frame's message id for use in the reply, if it is a possible id. */
function messageIdOf(json: unknown): MessageId | null {
  const id = fieldOf(json, "message_id");
  return typeof id === "string" && id.length <= limits.identifierLength ? (id as MessageId) : null;
}
