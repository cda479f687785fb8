import { type ServerOptions, WebSocket, WebSocketServer } from "ws";

/** The close code for a message that is too large. */
const tooLarge = 1009;

/** A WebSocket that can send the reason before it is closed for a message that is too large; the library only closes it. */
export class ServerWebSocket extends WebSocket {
  /** Called while messages may still be sent. */
  onTooLarge: (() => void) | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    if (code === tooLarge && this.readyState === WebSocket.OPEN) this.onTooLarge?.();
    super.close(code, reason);
  }
}

/** The library's server with {@link ServerWebSocket}s. */
export class SayingServer extends WebSocketServer<typeof ServerWebSocket> {
  constructor(options: ServerOptions<typeof ServerWebSocket>) {
    super({ ...options, WebSocket: ServerWebSocket });
  }
}

/** Whether the library has closed the WebSocket because a message was too large. */
export const isTooLarge = (error: Error): boolean =>
  "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
