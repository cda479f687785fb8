import type { WebSocket } from "ws";
import { closeCodes, disconnectReasons } from "../../../shared/disconnect-reason.ts";
import type { ErrorCode } from "../../../shared/error-code.ts";
import { isTooLarge } from "../wire/notifying-web-socket.ts";

/** Time within which a client must answer a close. */
const closeTimeoutMs = 2_000;

/** Closes the WebSocket, and terminates it if the client does not answer. */
export function endWebSocket(webSocket: WebSocket, code: number, reason: string): void {
  webSocket.close(code, reason);
  // A client that does not read would otherwise keep its backlog in memory.
  const timer = setTimeout(() => webSocket.terminate(), closeTimeoutMs);
  webSocket.once("close", () => clearTimeout(timer));
}

/** Ends a WebSocket after an error. After a message that is too large, the client still has to read the reason. */
export function endAfterError(webSocket: WebSocket, error: Error): void {
  if (!isTooLarge(error)) return webSocket.terminate();
  const timer = setTimeout(() => webSocket.terminate(), closeTimeoutMs);
  webSocket.once("close", () => clearTimeout(timer));
}

const refusals: Partial<Record<ErrorCode, number>> = {
  unauthenticated: closeCodes.unauthenticated,
  token_expired: disconnectReasons.token_expired.closeCode,
  forbidden: closeCodes.forbidden,
  // The client must not reconnect at once: another connection has to close first.
  limit_exceeded: disconnectReasons.rate_limited.closeCode,
};

/** The close code for a refused client. */
export const refusalCodeOf = (code: ErrorCode): number => refusals[code] ?? closeCodes.serverRestart;
