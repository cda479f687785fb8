import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { CancelMessage, DispatchMessage } from "../../../shared/agent-messages.ts";
import type { CommandData } from "../../../shared/commands/catalogue.ts";
import { closeCodes, disconnectReasons } from "../../../shared/disconnect-reason.ts";
import type { MessageId } from "../../../shared/ids.ts";
import { limits } from "../../../shared/limits.ts";
import { BridgeFrame } from "../../../shared/plain-websocket/agent-bridge-frames.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type Reply, replyError } from "../../../shared/reply.ts";
import { type Clock, timestampOf } from "../../clock.ts";
import type { Admission } from "../../connect/admission.ts";
import { bearerToken } from "../../connect/bearer-token.ts";
import type { Connector, Opening } from "../../connect/connector.ts";
import type { Logger } from "../../observe/logger.ts";
import { invalidPayload, type Router } from "../../route/router.ts";
import type { Session, Transport } from "../../session/session.ts";
import { cancelFrame, commandOf, dispatchFrame, errorFrame, heartbeatFrame, registeredFrame } from "./bridge-frames.ts";
import { limitControlFrames } from "./limit-control-frames.ts";

export interface AgentBridgeOptions {
  admission: Admission;
  connector: Connector;
  router: Router;
  clock: Clock;
  logger: Logger;
}

export interface AgentBridge {
  /** Takes an upgrade that has been looked at. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

/** How long an agent may take to register. */
const registerTimeoutMs = 10_000;
/** How long a client may take to answer a close. */
const closeTimeoutMs = 2_000;
/** Frames that may wait for those before them, and their bytes: nobody knows yet whose memory it is. */
const waitingMax = 1_000;
const waitingBytesMax = limits.resultBytes;

/** Agents in any language: flat JSON frames over a WebSocket at `/ws/agent-bridge`. */
export function createAgentBridge(options: AgentBridgeOptions): AgentBridge {
  const server = new WebSocketServer({ noServer: true, maxPayload: limits.resultBytes, perMessageDeflate: false });
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.once("close", options.admission.entered(request));
        limitControlFrames(webSocket, options);
        void new Bridge(webSocket, request, options);
      }),
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** One agent's link. */
class Bridge implements Transport {
  readonly #webSocket: WebSocket;
  readonly #options: AgentBridgeOptions;
  readonly #token: string | undefined;
  /** The newest attempt that was sent over this connection, by dispatch. */
  readonly #newest = new Map<MessageId, number>();
  readonly #registerTimer: NodeJS.Timeout;
  #session: Session | undefined;
  #agentId: string | undefined;
  /** Until the agent has registered one frame waits for the other. */
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;

  constructor(webSocket: WebSocket, request: IncomingMessage, options: AgentBridgeOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
    const url = new URL(request.url ?? "", "http://host");
    this.#token = bearerToken(request.headers.authorization) ?? url.searchParams.get("token") ?? undefined;
    this.#registerTimer = setTimeout(() => this.#registerFirst(), registerTimeoutMs).unref();
    webSocket.on("message", (data, isBinary) => this.#receive(isBinary ? undefined : String(data)));
    webSocket.on("error", () => webSocket.terminate());
    webSocket.on("pong", () => this.#seen());
    webSocket.on("close", (code) => {
      clearTimeout(this.#registerTimer);
      void this.#session?.ended(`closed with ${code}`);
    });
  }

  send(name: string, data: unknown): void {
    // What a bridge of twenty lines would have to step over is kept from it: it is `registered`, and alive while its
    // library answers pings.
    if (name === "system.ping") return this.#webSocket.ping();
    if (name === "system.connection.established") return;
    if (name === "cancel") {
      const message = CancelMessage.parse(data);
      this.#newest.delete(message.messageId);
      return this.#write(cancelFrame(message));
    }
    this.#write({ type: name, timestamp: timestampOf(this.#options.clock), payload: data });
  }

  /** A bridge acknowledges nothing: what it was sent it has accepted. */
  async ask(_name: string, data: unknown): Promise<unknown> {
    const message = DispatchMessage.parse(data);
    this.#newest.set(message.messageId, message.attempt);
    this.#write(dispatchFrame(message));
    return { accepted: true };
  }

  join(): void {}

  leave(): void {}

  backlogBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  close(reason: keyof typeof disconnectReasons): void {
    this.#end(disconnectReasons[reason].closeCode, reason);
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
    if (!parsed.success) {
      const fault = json === undefined ? unreadable : invalidPayload("the frame", parsed.error);
      const respond = (reply: Reply<unknown>) => this.#answer("", messageId, reply);
      // Goes the way of a command, so that it counts as one.
      return this.#options.router.handle({ session, command: null, payload: undefined, bytes, fault }, respond);
    }
    const { name, payload } = commandOf(parsed.data, this.#agentId, (id) => this.#newest.get(id) ?? 1);
    await this.#options.router.handle({ session, command: name, payload, bytes }, (reply) =>
      this.#answer(name, messageId, reply),
    );
  }

  /** The first frame brings the token, unless the request had it. */
  async #open(json: unknown): Promise<Session | undefined> {
    const { connector, logger } = this.#options;
    const inFrame = (json as { auth_token?: unknown }).auth_token;
    let opening: Opening;
    try {
      const request = {
        token: inFrame ?? this.#token,
        door: "/agents",
        namespaces: ["/agents"],
        autoJoin: false,
      } as const;
      opening = await connector.open(request);
    } catch (error) {
      if (!(error instanceof Rejection)) logger.error("connect failed", { error });
      const refusal =
        error instanceof Rejection ? error.error : replyError("internal", "The server failed to let you in.");
      this.#write(errorFrame(refusal, null));
      const code = refusalCodes[refusal.code] ?? closeCodes.serverRestart;
      this.#end(code, refusal.code);
      return undefined;
    }
    if (this.#webSocket.readyState !== WebSocket.OPEN) {
      await opening.abandon();
      return undefined;
    }
    this.#session = opening.session;
    opening.activate(this);
    return opening.session;
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
    this.#end(closeCodes.registerFirst, "register first");
  }

  #end(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
    const timer = setTimeout(() => this.#webSocket.terminate(), closeTimeoutMs);
    this.#webSocket.once("close", () => clearTimeout(timer));
  }

  #seen(): void {
    if (this.#session) this.#session.lastSeenAt = this.#options.clock.now();
  }

  #write(frame: unknown): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.send(JSON.stringify(frame));
  }
}

const stale = "the dispatch has ended, or goes on at another attempt";

const unreadable = new Rejection("invalid_payload", 'A frame must be JSON text: { "type": …, … }.');

const refusalCodes: Record<string, number> = {
  unauthenticated: closeCodes.unauthenticated,
  token_expired: disconnectReasons.token_expired.closeCode,
  forbidden: closeCodes.forbidden,
};

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

const typeOf = (json: unknown) => fieldOf(json, "type");

/** As far as it can be an id: it is said again in the answer. */
function messageIdOf(json: unknown): MessageId | null {
  const id = fieldOf(json, "message_id");
  return typeof id === "string" && id.length <= limits.identifierLength ? (id as MessageId) : null;
}
