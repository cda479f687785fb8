import type { IncomingMessage } from "node:http";
import { type RawData, WebSocket } from "ws";
import { Rejection } from "../../../shared/rejection.ts";
import { type ReplyError, replyError } from "../../../shared/reply.ts";
import type { Connector, OpenedConnection } from "../../connect/connector.ts";
import { headerToken } from "../../connect/header-token.ts";
import type { Origins } from "../../connect/origins.ts";
import type { SubscriberIndex } from "../../deliver/subscriber-index.ts";
import type { Logger } from "../../observe/logger.ts";
import { timestampOf } from "../../runtime/clock.ts";
import { refusalCodeOf } from "./end-web-socket.ts";
import { type ConnectionOptions, PlainWebSocketConnection } from "./plain-websocket-connection.ts";
import { urlOf } from "./url-of.ts";

export interface AcceptOptions extends ConnectionOptions {
  connector: Connector;
  origins: Origins;
  logger: Logger;
  messageBytes: number;
}

/** Frames that may arrive while the token is verified. */
const earlyFrames = 100;

/** Opens a connection for a client with a valid token; sends others the reason and closes them. */
export async function acceptConnection(
  webSocket: WebSocket,
  request: IncomingMessage,
  subscribers: SubscriberIndex,
  options: AcceptOptions,
) {
  const { connector, logger } = options;
  const { searchParams } = urlOf(request);
  // Frames that arrive while the token is verified are handled afterwards.
  const early: { data: RawData; isBinary: boolean }[] = [];
  let earlyBytes = 0;
  const keep = (data: RawData, isBinary: boolean) => {
    earlyBytes += bytesOf(data);
    // The client is not authenticated yet, so its memory is limited.
    if (early.length >= earlyFrames || earlyBytes > 2 * options.messageBytes) return webSocket.terminate();
    early.push({ data, isBinary });
  };
  webSocket.on("message", keep);
  webSocket.on("error", () => webSocket.terminate());
  let opened: OpenedConnection;
  try {
    const autoJoin = searchParams.get("auto_join") !== "false";
    const token = headerToken(request, options.origins) ?? searchParams.get("token");
    opened = await connector.open({ token, door: "/ws", namespaces: ["/chat", "/monitoring"], autoJoin });
  } catch (error) {
    if (!(error instanceof Rejection)) logger.error("connect failed", { error });
    return refuse(
      webSocket,
      error instanceof Rejection ? error.error : replyError("internal", "The server failed to open the connection."),
      options,
    );
  }
  if (webSocket.readyState !== WebSocket.OPEN) return void opened.abandon();

  const connection = new PlainWebSocketConnection(webSocket, request.socket, opened.session, subscribers, options);
  webSocket.off("message", keep);
  opened.activate(connection);
  const conversationId = searchParams.get("conversation_id");
  if (conversationId !== null) connection.joinConversation(conversationId);
  for (const { data, isBinary } of early) connection.receive(data, isBinary);
}

/** Sent over the accepted WebSocket, since browsers hide the response to a refused upgrade. */
function refuse(webSocket: WebSocket, error: ReplyError, { clock }: AcceptOptions): void {
  webSocket.send(
    JSON.stringify({ type: "system.error", timestamp: timestampOf(clock), payload: { command: null, error } }),
  );
  webSocket.close(refusalCodeOf(error.code), error.code);
}

function bytesOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength;
}
