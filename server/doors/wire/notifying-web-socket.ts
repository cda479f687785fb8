import { type ServerOptions, WebSocket, WebSocketServer } from "ws";

/** The close code for a message that is too large. */
const tooLarge = 1009;

/** A WebSocket that calls back before it closes for a message that is too large: the library alone just closes it. */
export class NotifyingWebSocket extends WebSocket {
  /** Called while messages may still be sent. */
  onTooLarge: (() => void) | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    if (code === tooLarge && this.readyState === WebSocket.OPEN) this.onTooLarge?.();
    super.close(code, reason);
  }
}

/** The library's server with {@link NotifyingWebSocket}s. */
export class NotifyingWebSocketServer extends WebSocketServer<typeof NotifyingWebSocket> {
  constructor(options: ServerOptions<typeof NotifyingWebSocket>) {
    super({ ...options, WebSocket: NotifyingWebSocket });
  }
}

/** Whether the library has closed the WebSocket because a message was too large. */
export const isTooLarge = (error: Error): boolean =>
  "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
