import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { closeCodes, disconnectReasons } from "../../../shared/disconnect-reason.ts";
import { isHlinkType } from "../../../shared/entities/hlink.ts";
import type { Envelope } from "../../../shared/envelope.ts";
import { ClientFrame, type EventFrame } from "../../../shared/plain-websocket/frames.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { type Reply, type ReplyError, replyError } from "../../../shared/reply.ts";
import { type Clock, timestampOf } from "../../clock.ts";
import type { Admission } from "../../connect/admission.ts";
import type { Connector, Opening } from "../../connect/connector.ts";
import type { Drain } from "../../connect/drain.ts";
import { headerToken } from "../../connect/header-token.ts";
import { isOriginAllowed, type OriginPolicy } from "../../connect/origin.ts";
import { Outbox, type Rounds } from "../../deliver/outbox.ts";
import type { Outlet } from "../../deliver/outlet.ts";
import { Receivers } from "../../deliver/receivers.ts";
import { TextFrame } from "../../deliver/text-frame.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Router } from "../../route/router.ts";
import type { Audience } from "../../session/audience.ts";
import type { Session, Transport } from "../../session/session.ts";
import { Intake, type Turns } from "../wire/intake.ts";
import { refuseUpgrade } from "../wire/refuse-upgrade.ts";
import { createAgentBridge } from "./agent-bridge.ts";
import { limitControlFrames } from "./limit-control-frames.ts";
import { spacesOf } from "./spaces-of.ts";
import { WebSocketWire } from "./web-socket-wire.ts";

export interface PlainWebSocketDoorOptions {
  httpServer: HttpServer;
  connector: Connector;
  router: Router;
  drain: Drain;
  admission: Admission;
  origins: OriginPolicy;
  clock: Clock;
  logger: Logger;
  /** Path of the Socket.IO door, whose upgrades are not ours; `undefined` when it takes none. */
  socketIoPath: string | undefined;
  /** `false`: upgrades are refused. */
  enabled: boolean;
  messageBytes: number;
  /** What a connection may leave unread. */
  backlogBytes: number;
  /** What has been delivered. */
  counters: { deliveries: number };
  rounds: Rounds;
  turns: Turns;
  /** Whether the library was found to be made so that whole frames can be written past it. */
  direct: boolean;
}

export interface PlainWebSocketDoor extends Outlet {
  close(): Promise<void>;
}

const bridgePath = "/ws/agent-bridge";
/** How long a client may take to answer a close. */
const closeTimeoutMs = 2_000;
/** Frames that may come while the token is looked at. */
const earlyFrames = 100;

/** Clients in any language: JSON frames over a WebSocket at `/ws`, and agents at `/ws/agent-bridge`. */
export function createPlainWebSocketDoor(options: PlainWebSocketDoorOptions): PlainWebSocketDoor {
  const { httpServer, drain, admission, origins, socketIoPath } = options;
  const server = new WebSocketServer({ noServer: true, maxPayload: options.messageBytes, perMessageDeflate: false });
  const bridge = createAgentBridge(options);
  const receivers = new Receivers(options.counters);

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // As the engine looks at it, raw and with the slash: what neither of us took would hang there for ever.
    if (socketIoPath !== undefined && request.url?.startsWith(`${socketIoPath}/`)) return;
    socket.on("error", () => socket.destroy());
    const { pathname } = urlOf(request);
    const isKnown = pathname === "/ws" || pathname === bridgePath;
    if (!isKnown || !options.enabled) return refuseUpgrade(socket, 404, "Not Found");
    if (drain.started) return refuseUpgrade(socket, 503, "Service Unavailable");
    if (!isOriginAllowed(request.headers.origin, request.headers.host, origins))
      return refuseUpgrade(socket, 403, "Forbidden");
    const refused = admission.refusalOf(request);
    if (refused) return refuseUpgrade(socket, refused.status, refused.message);
    admission.begin(() => {
      if (pathname === bridgePath) return bridge.upgrade(request, socket, head);
      server.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.once("close", admission.entered(request));
        limitControlFrames(webSocket, options);
        void admit(webSocket, request, receivers, options);
      });
    });
  };
  httpServer.on("upgrade", onUpgrade);

  return {
    deliver(event, audiences) {
      receivers.post(audiences, () => new TextFrame(JSON.stringify(eventFrame(event))));
    },
    async close() {
      options.rounds.flush();
      httpServer.off("upgrade", onUpgrade);
      for (const client of server.clients) client.terminate();
      await bridge.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function admit(
  webSocket: WebSocket,
  request: IncomingMessage,
  receivers: Receivers,
  options: PlainWebSocketDoorOptions,
) {
  const { connector, logger } = options;
  const { searchParams } = urlOf(request);
  // Frames that come while the token is looked at wait for their turn.
  const early: { data: RawData; isBinary: boolean }[] = [];
  let earlyBytes = 0;
  const keep = (data: RawData, isBinary: boolean) => {
    earlyBytes += bytesOf(data);
    // Nobody knows yet whose memory this is.
    if (early.length >= earlyFrames || earlyBytes > 2 * options.messageBytes) return webSocket.terminate();
    early.push({ data, isBinary });
  };
  webSocket.on("message", keep);
  webSocket.on("error", () => webSocket.terminate());
  let opening: Opening;
  try {
    const autoJoin = searchParams.get("auto_join") !== "false";
    const token = headerToken(request.headers) ?? searchParams.get("token");
    opening = await connector.open({ token, door: "/ws", namespaces: ["/chat", "/monitoring"], autoJoin });
  } catch (error) {
    if (!(error instanceof Rejection)) logger.error("connect failed", { error });
    return refuse(
      webSocket,
      error instanceof Rejection ? error.error : replyError("internal", "The server failed to let you in."),
      options,
    );
  }
  if (webSocket.readyState !== WebSocket.OPEN) return void opening.abandon();

  const connection = new Connection(webSocket, request.socket, opening.session, receivers, options);
  webSocket.off("message", keep);
  opening.activate(connection);
  const conversationId = searchParams.get("conversation_id");
  if (conversationId !== null) connection.joinConversation(conversationId);
  for (const { data, isBinary } of early) connection.receive(data, isBinary);
}

/** One client's link. */
class Connection implements Transport {
  readonly #webSocket: WebSocket;
  readonly #tcp: Socket;
  readonly #session: Session;
  readonly #receivers: Receivers;
  readonly #options: PlainWebSocketDoorOptions;
  readonly #outbox: Outbox;
  readonly #intake: Intake;

  constructor(
    webSocket: WebSocket,
    tcp: Socket,
    session: Session,
    receivers: Receivers,
    options: PlainWebSocketDoorOptions,
  ) {
    this.#webSocket = webSocket;
    this.#tcp = tcp;
    this.#session = session;
    this.#receivers = receivers;
    this.#options = options;
    const { rounds, turns, direct, backlogBytes } = options;
    const wire = new WebSocketWire(webSocket, { direct, backlogBytes, slow: () => session.close("slow_consumer") });
    this.#outbox = new Outbox(rounds, wire);
    this.#intake = new Intake(turns, wire);
    webSocket.on("message", (data, isBinary) => this.receive(data, isBinary));
    webSocket.on("pong", () => this.#seen());
    webSocket.on("close", (code) => {
      this.#outbox.close();
      void session.ended(`closed with ${code}`);
    });
  }

  send(name: string, payload: unknown): void {
    // A client that answers no system.ping is alive as long as it answers this one.
    if (name === "system.ping") this.#webSocket.ping();
    this.#write({ type: name, timestamp: timestampOf(this.#options.clock), payload });
  }

  join(audience: Audience): void {
    this.#receivers.join(audience, this.#outbox);
  }

  leave(audience: Audience): void {
    this.#receivers.leave(audience, this.#outbox);
  }

  backlogBytes(): number {
    return this.#outbox.size + this.#webSocket.bufferedAmount;
  }

  /** How much the network has taken so far. */
  oldestUnsent(): number | undefined {
    if (this.#webSocket.bufferedAmount === 0) return undefined;
    return this.#tcp.bytesWritten - this.#tcp.writableLength;
  }

  close(reason: keyof typeof disconnectReasons): void {
    this.#outbox.flush();
    this.#webSocket.close(disconnectReasons[reason].closeCode, reason);
    // A reader that does not read would keep its backlog in memory for as long as it does not answer.
    const timer = setTimeout(() => this.#webSocket.terminate(), closeTimeoutMs);
    this.#webSocket.once("close", () => clearTimeout(timer));
  }

  /** Joins the conversation that the URL names. */
  joinConversation(conversationId: string): void {
    this.#route("join_room", { room: `conversation:${conversationId}` }, 0, "conversation_id");
  }

  receive(data: unknown, isBinary: boolean): void {
    // A connection that was closed is read until the client answers; what it says meanwhile is not carried out.
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#seen();
    const text = String(data);
    const json = isBinary ? undefined : parseJson(text);
    const bytes = Buffer.byteLength(text);
    this.#intake.take(() => {
      if (isHlinkFrame(json)) return this.#routeHlink(json, bytes);
      const frame = ClientFrame.safeParse(json).data;
      if (frame) this.#route(frame.type, frame.payload, bytes, frame.id);
      else void this.#options.router.handle({ ...unreadable, session: this.#session, bytes });
    });
  }

  #route(command: string, payload: unknown, bytes: number, id: string | undefined): void {
    const { router } = this.#options;
    const reply = (payload: Reply<unknown>) => this.#write({ type: "reply", id, payload });
    const spaces = spacesOf(this.#session.namespaces, payload);
    void router.handle(
      { session: this.#session, command, payload, bytes, spaces },
      id === undefined ? undefined : reply,
    );
  }

  /** An HLink message is a frame as it stands, and so is its acknowledgement. */
  #routeHlink(payload: unknown, bytes: number): void {
    const command = "hlink_message";
    void this.#options.router.handle({ session: this.#session, command, payload, bytes }, (reply) => {
      if (reply.ok) this.#write(reply.data);
      else this.#session.send("system.error", { command, error: reply.error });
    });
  }

  #seen(): void {
    this.#session.lastSeenAt = this.#options.clock.now();
  }

  #write(frame: unknown): void {
    this.#outbox.send(new TextFrame(JSON.stringify(frame)));
  }
}

/** Goes the way of a command, so that it counts as one: else it would be the cheapest way to keep the server busy. */
const unreadable = {
  command: null,
  payload: undefined,
  fault: new Rejection("invalid_payload", 'A frame must be JSON text: { "type": …, "id"?: …, "payload": … }.'),
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isHlinkFrame(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("type" in json)) return false;
  return typeof json.type === "string" && isHlinkType(json.type);
}

function eventFrame({ type, room, timestamp, data, id, position, sender }: Envelope): EventFrame {
  const payload = { topic: room, eventType: type, data, id, sender, ...(position && { position }) };
  return { type: "event", timestamp, payload };
}

/** Let in only to be told why not: a browser is not shown the answer of a refused upgrade. */
function refuse(webSocket: WebSocket, error: ReplyError, { clock }: PlainWebSocketDoorOptions): void {
  const code = {
    unauthenticated: closeCodes.unauthenticated,
    token_expired: disconnectReasons.token_expired.closeCode,
    forbidden: closeCodes.forbidden,
  } as Record<string, number>;
  webSocket.send(
    JSON.stringify({ type: "system.error", timestamp: timestampOf(clock), payload: { command: null, error } }),
  );
  webSocket.close(code[error.code] ?? closeCodes.serverRestart, error.code);
}

function bytesOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength;
}

function urlOf(request: IncomingMessage): URL {
  // The path comes from outside; what no URL can be made of belongs to no door.
  return URL.canParse(request.url ?? "", "http://host")
    ? new URL(request.url ?? "", "http://host")
    : new URL("http://host/");
}
