import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { Rejection } from "../../../shared/rejection.ts";
import { type ReplyError, replyError } from "../../../shared/reply.ts";
import type { Connector, OpenedConnection } from "../../connect/connector.ts";
import { headerToken } from "../../connect/header-token.ts";
import type { Origins } from "../../connect/origins.ts";
import type { SubscriberIndex } from "../../deliver/subscriber-index.ts";
import type { Logger } from "../../observe/logger.ts";
import { timestampOf } from "../../runtime/clock.ts";
import type { NotifyingWebSocket } from "../wire/notifying-web-socket.ts";
import { endAfterError, refusalCodeOf } from "./end-web-socket.ts";
import { type ConnectionOptions, PlainWebSocketConnection } from "./plain-websocket-connection.ts";
import { urlOf } from "./url-of.ts";

export interface AcceptOptions extends ConnectionOptions {
  connector: Connector;
  origins: Origins;
  logger: Logger;
}

/** Opens a connection for a client with a valid token; sends others the reason and closes them. */
export async function acceptConnection(
  webSocket: NotifyingWebSocket,
  request: IncomingMessage,
  subscribers: SubscriberIndex,
  options: AcceptOptions,
) {
  const { connector, logger } = options;
  const { searchParams } = urlOf(request);
  // Until the client is authenticated its messages are not read from the network.
  webSocket.pause();
  webSocket.on("error", (error) => endAfterError(webSocket, error));
  let opened: OpenedConnection;
  try {
    const autoJoin = searchParams.get("auto_join") !== "false";
    const token = headerToken(request, options.origins) ?? searchParams.get("token");
    opened = await connector.open({ token, door: "/ws", namespaces: ["/chat", "/monitoring"], autoJoin });
  } catch (error) {
    if (!(error instanceof Rejection)) logger.error("connect failed", { error });
    webSocket.resume();
    return refuse(
      webSocket,
      error instanceof Rejection ? error.error : replyError("internal", "The server failed to open the connection."),
      options,
    );
  }
  if (webSocket.readyState !== WebSocket.OPEN) return void opened.abandon();

  const connection = new PlainWebSocketConnection(webSocket, request.socket, opened.session, subscribers, options);
  webSocket.resume();
  opened.activate(connection);
  const conversationId = searchParams.get("conversation_id");
  if (conversationId !== null) connection.joinConversation(conversationId);
}

/** Sent over the accepted WebSocket, since browsers hide the response to a refused upgrade. */
function refuse(webSocket: WebSocket, error: ReplyError, { clock }: AcceptOptions): void {
  webSocket.send(
    JSON.stringify({ type: "system.error", timestamp: timestampOf(clock), payload: { command: null, error } }),
  );
  webSocket.close(refusalCodeOf(error.code), error.code);
}
