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

export interface LetInOptions extends ConnectionOptions {
  connector: Connector;
  origins: Origins;
  logger: Logger;
  messageBytes: number;
}

/** Frames that may come while the token is looked at. */
const earlyFrames = 100;

/** Begins a connection with whoever has a good token; closes that of somebody else, and says why. */
export async function letIn(
  webSocket: WebSocket,
  request: IncomingMessage,
  subscribers: SubscriberIndex,
  options: LetInOptions,
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
  let opening: OpenedConnection;
  try {
    const autoJoin = searchParams.get("auto_join") !== "false";
    const token = headerToken(request, options.origins) ?? searchParams.get("token");
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

  const connection = new PlainWebSocketConnection(webSocket, request.socket, opening.session, subscribers, options);
  webSocket.off("message", keep);
  opening.activate(connection);
  const conversationId = searchParams.get("conversation_id");
  if (conversationId !== null) connection.joinConversation(conversationId);
  for (const { data, isBinary } of early) connection.receive(data, isBinary);
}

/** Let in only to be told why not: a browser is not shown the answer of a refused upgrade. */
function refuse(webSocket: WebSocket, error: ReplyError, { clock }: LetInOptions): void {
  webSocket.send(
    JSON.stringify({ type: "system.error", timestamp: timestampOf(clock), payload: { command: null, error } }),
  );
  webSocket.close(refusalCodeOf(error.code), error.code);
}

function bytesOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength;
}
